export interface ImportFile {
  name: string
  text?: string
  base64?: string
}

/** A bundle is kilobytes; more than this is another file. */
const FILE_BYTES_MAX = 64 << 20

/** Chosen files as the API takes them: text as it is, anything else as base64. */
export async function filesOf(list: FileList | null): Promise<ImportFile[]> {
  return Promise.all([...(list ?? [])].filter((file) => file.size <= FILE_BYTES_MAX).map(importFile))
}

async function importFile(file: File): Promise<ImportFile> {
  const bytes = new Uint8Array(await file.arrayBuffer())
  try {
    return { name: file.name, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch {
    return { name: file.name, base64: base64Of(bytes) }
  }
}

/** In pieces: a call takes only so many arguments. */
export function base64Of(bytes: Uint8Array): string {
  const PIECE = 0x8000
  let text = ''
  for (let at = 0; at < bytes.length; at += PIECE) text += String.fromCharCode(...bytes.subarray(at, at + PIECE))
  return btoa(text)
}
