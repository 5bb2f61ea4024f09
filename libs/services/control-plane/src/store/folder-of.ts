/** The prefix of a key's siblings: everything up to and including its last `/`. */
export function folderOf(key: string): string {
  return key.slice(0, key.lastIndexOf('/') + 1);
}
