import { describe, expect, it } from 'vitest';
import { settingsReference } from '@rackwright/platform';
import { regionalSettings } from './config.js';

describe('the settings reference', () => {
  it('is the committed one; `npm run reference:renew` writes it', async () => {
    const committed = new URL('../../../../docs/reference/settings-regional.md', import.meta.url);
    await expect(settingsReference(regionalSettings, 'regional')).toMatchFileSnapshot(committed.pathname);
  });
});
