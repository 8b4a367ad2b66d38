import { base64Of } from '@/format/base64'

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
