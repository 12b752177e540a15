/**
 * Encodes text for `grpc-message`: UTF-8, where every octet outside 0x20-0x7e, and `%`, is written `%XX`
 * (gRPC over HTTP/2, "Percent-Encoded").
 */
export function percentEncode(text: string): string {
  let encoded = '';
  for (const octet of Buffer.from(text, 'utf8')) {
    const plain = octet >= 0x20 && octet <= 0x7e && octet !== 0x25;
    encoded += plain ? String.fromCharCode(octet) : `%${octet.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}
