import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

/** What a server shows, and what trusts it, all in PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface Authority {
  /** To be trusted. */
  readonly cert: string;
  issue(host: string, validity: { readonly from: Date; readonly until: Date }): Certificate;
}

/** A certificate authority of a test's own: X.509 by hand, as much of it as a TLS client looks at. */
export function authority(): Authority {
  const issuer = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = nameOf('Fault Test Authority');
  const day = 86_400_000;
  const own = { from: new Date(Date.now() - day), until: new Date(Date.now() + day) };
  // Basic constraints: it may sign others.
  const mayIssue = sequence(oid('551d13'), octets(sequence(Buffer.from('0101ff', 'hex'))));
  return {
    cert: certificate({ subject: name, subjectKey: issuer.publicKey, issuer: name, issuerKey: issuer.privateKey, validity: own, extension: mayIssue }),
    issue: (host, validity) => {
      const subject = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const names = sequence(oid('551d11'), octets(sequence(tagged(0x82, Buffer.from(host)))));
      return {
        cert: certificate({ subject: nameOf(host), subjectKey: subject.publicKey, issuer: name, issuerKey: issuer.privateKey, validity, extension: names }),
        key: subject.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
      };
    },
  };
}

interface Wish {
  readonly subject: Buffer;
  readonly subjectKey: KeyObject;
  readonly issuer: Buffer;
  readonly issuerKey: KeyObject;
  readonly validity: { readonly from: Date; readonly until: Date };
  readonly extension: Buffer;
}

let serial = 1;

function certificate({ subject, subjectKey, issuer, issuerKey, validity, extension }: Wish): string {
  const algorithm = sequence(oid('2a8648ce3d040302'));
  const body = sequence(
    tagged(0xa0, Buffer.from('020102', 'hex')),
    tagged(0x02, Buffer.from([(serial += 1)])),
    algorithm,
    issuer,
    sequence(timeOf(validity.from), timeOf(validity.until)),
    subject,
    subjectKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(extension)),
  );
  const whole = sequence(body, algorithm, tagged(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', body, issuerKey)])));
  return `-----BEGIN CERTIFICATE-----\n${whole.toString('base64').replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`;
}

/** UTCTime: YYMMDDHHMMSSZ. */
const timeOf = (time: Date): Buffer => tagged(0x17, Buffer.from(`${time.toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`));
const nameOf = (common: string): Buffer => sequence(tagged(0x31, sequence(oid('550403'), tagged(0x0c, Buffer.from(common)))));
const oid = (hex: string): Buffer => tagged(0x06, Buffer.from(hex, 'hex'));
const octets = (content: Buffer): Buffer => tagged(0x04, content);
const sequence = (...parts: readonly Buffer[]): Buffer => tagged(0x30, Buffer.concat(parts));

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}
