import { describe, expect, it } from 'vitest';
import { builtinProfiles } from './builtin-profiles.js';
import { findProfile, mergeProfiles } from './find-profile.js';

describe('findProfile', () => {
  it.each([
    ['Ubuntu 22.04', '22.04', 'ubuntu-22.04'],
    ['ubuntu', '22.04', 'ubuntu-22.04'],
    ['UBUNTU', '24.04', 'ubuntu-24.04'],
    ['Debian', '12', 'debian-12'],
    ['bookworm', '12', 'debian-12'],
    ['Rocky Linux', '9', 'rocky-9'],
    ['AlmaLinux', '9', 'alma-9'],
  ])('%s %s is %s', (os_type, os_version, name) => {
    expect(findProfile(builtinProfiles, { os_type, os_version })?.name).toBe(name);
  });

  it('prefers the profile that was named', () => {
    const found = findProfile(builtinProfiles, { profile: 'Debian 12', os_type: 'ubuntu', os_version: '22.04' });
    expect(found?.name).toBe('debian-12');
  });

  it('finds nothing for an unknown name', () => {
    expect(findProfile(builtinProfiles, { os_type: 'plan9', os_version: '4' })).toBeUndefined();
    expect(findProfile(builtinProfiles, { profile: 'x', os_type: 'ubuntu', os_version: '22.04' })).toBeUndefined();
  });

  it('lets a stored profile replace the built-in one of its name', () => {
    const [first] = builtinProfiles;
    if (first === undefined) throw new Error('no built-in profile');
    const merged = mergeProfiles(builtinProfiles, [{ ...first, kernel: 'mine/linux' }]);
    expect(merged).toHaveLength(builtinProfiles.length);
    expect(findProfile(merged, { profile: first.name, os_type: '', os_version: '' })?.kernel).toBe('mine/linux');
  });
});
