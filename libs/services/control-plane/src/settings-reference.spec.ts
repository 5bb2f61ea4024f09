import { describe, expect, it } from 'vitest';
import { settingsReference } from '@rackwright/platform';
import { controlPlaneSettings } from './config.js';

describe('the settings reference', () => {
  it('is the committed one; `npm run reference:renew` writes it', async () => {
    const committed = new URL('../../../../docs/reference/settings-control-plane.md', import.meta.url);
    await expect(settingsReference(controlPlaneSettings, 'control-plane')).toMatchFileSnapshot(committed.pathname);
  });
});
