import { checkUrl, EgressRefused, parseCidrs, type EgressPolicy } from '../../src/platform/egress.js';

const NOTHING: EgressPolicy = { allow: [] };

function reasonOf(act: () => unknown): string {
  try {
    act();
    return 'passed';
  } catch (error) {
    return error instanceof EgressRefused ? error.reason : String(error);
  }
}

describe('a URL, by what it says', () => {
  test.each([
    ['loopback', 'http://127.0.0.1/'],
    ['anywhere in 127/8', 'http://127.1.2.3/'],
    ['decimal', 'http://2130706433/'],
    ['hex', 'http://0x7f000001/'],
    ['octal', 'http://0177.0.0.1/'],
    ['mixed bases', 'http://0x7f.0.0x0.01/'],
    ['short', 'http://127.1/'],
    ['zero', 'http://0/'],
    ['unspecified', 'http://0.0.0.0/'],
    ['trailing dot', 'http://127.0.0.1./'],
    ['percent-encoded', 'http://127%2e0%2e0%2e1/'],
    ['circled digits', 'http://①②⑦.⓪.⓪.①/'],
    ['full-width dots', 'http://127。0。0。1/'],
    ['one slash', 'http:/127.0.0.1/'],
    ['empty userinfo', 'http://@127.0.0.1/'],
    ['private 10/8', 'https://10.1.2.3/'],
    ['private 172.16/12', 'https://172.31.255.255/'],
    ['private 192.168/16', 'https://192.168.0.1/'],
    ['cloud metadata', 'http://169.254.169.254/latest/meta-data/'],
    ['metadata as one number', 'http://2852039166/'],
    ['carrier-grade NAT', 'http://100.64.0.1/'],
    ['multicast', 'http://224.0.0.1/'],
    ['broadcast', 'http://255.255.255.255/'],
    ['benchmark net', 'http://198.18.0.1/'],
    ['documentation net', 'http://192.0.2.1/'],
    ['IPv6 loopback', 'http://[::1]/'],
    ['IPv6 unspecified', 'http://[::]/'],
    ['IPv6 long loopback', 'http://[0:0:0:0:0:0:0:1]/'],
    ['mapped', 'http://[::ffff:127.0.0.1]/'],
    ['mapped in hex', 'http://[::ffff:7f00:1]/'],
    ['compatible', 'http://[::127.0.0.1]/'],
    ['NAT64', 'http://[64:ff9b::7f00:1]/'],
    ['NAT64, local use', 'http://[64:ff9b:1::a00:1]/'],
    ['6to4', 'http://[2002:7f00:1::]/'],
    ['Teredo', 'http://[2001:0:7f00:1::]/'],
    ['unique local', 'http://[fd00::1]/'],
    ['IPv6 metadata', 'http://[fd00:ec2::254]/'],
    ['IPv6 link-local', 'http://[fe80::1]/'],
    ['site-local', 'http://[fec0::1]/'],
    ['IPv6 multicast', 'http://[ff02::1]/'],
    ['localhost', 'http://localhost/'],
    ['LOCALHOST.', 'http://LOCALHOST./'],
    ['below localhost', 'http://db.localhost/'],
  ])('is refused at a private address: %s (%s)', (_name, url) => {
    expect(reasonOf(() => checkUrl(url, NOTHING))).toBe('private_address');
  });

  test.each([
    ['file:///etc/passwd', 'scheme'],
    ['gopher://example.com:70/_x', 'scheme'],
    ['data:text/plain,hello', 'scheme'],
    ['ftp://example.com/a', 'scheme'],
    ['javascript:alert(1)', 'scheme'],
    ['http://user@example.com/', 'credentials_in_url'],
    ['http://user:secret@example.com/', 'credentials_in_url'],
    ['http://example.com@127.0.0.1/', 'credentials_in_url'],
    ['http://example.com/\r\nX-Injected: 1', 'malformed'],
    ['http://exam\nple.com/', 'malformed'],
    ['http://example.com\\@127.0.0.1/', 'malformed'],
    ['//example.com/', 'malformed'],
    ['http://127.0.0.256/', 'malformed'],
    ['', 'malformed'],
    ['http://example.com:22/', 'port'],
    ['http://example.com:25/', 'port'],
    ['https://example.com:5432/', 'port'],
    ['http://93.184.216.34:6379/', 'port'],
    ['http://example.com:0/', 'port'],
  ])('is refused: %j for its %s', (url, reason) => {
    expect(reasonOf(() => checkUrl(url, NOTHING))).toBe(reason);
  });

  test.each([
    'https://example.com/a.pdf?x=1#y',
    'http://93.184.216.34/',
    'http://[2606:2800:220:1:248:1893:25c8:1946]:8080/',
    'https://bücher.example/',
    'http://notlocalhost/',
    'http://127.0.0.1.example.com/',
    'http://example.com:8443/',
    'http://example.com/ab?x=c\\d',
    'http://172.32.0.1/',
    'http://[::ffff:93.184.216.34]/',
  ])('passes: %s', (url) => {
    expect(reasonOf(() => checkUrl(url, NOTHING))).toBe('passed');
  });

  test('has one reading once it passed', () => {
    expect(checkUrl('http://EXAMPLE.com:80/a b', NOTHING).href).toBe('http://example.com/a%20b');
  });

  test('may be where EGRESS_ALLOW says, at any port, and nowhere beside it', () => {
    const policy = { allow: parseCidrs('10.0.0.0/8, 127.0.0.1 fd00::/8') };
    for (const url of ['http://10.9.9.9/', 'http://10.0.0.1:5432/', 'http://[::ffff:10.0.0.1]/', 'http://localhost:6379/', 'http://[fd00::7]/']) {
      expect(reasonOf(() => checkUrl(url, policy))).toBe('passed');
    }
    for (const url of ['http://11.0.0.1:5432/', 'http://127.0.0.2/', 'http://192.168.0.1/', 'http://[fe80::1]/']) {
      expect(reasonOf(() => checkUrl(url, policy))).not.toBe('passed');
    }
  });

  test('may be of the trusted origin, wherever that is, but not with credentials and not beside it', () => {
    const trusted = 'http://127.0.0.1:4010/v2';
    expect(reasonOf(() => checkUrl('http://127.0.0.1:4010/v2/jobs', NOTHING, trusted))).toBe('passed');
    expect(reasonOf(() => checkUrl('http://127.0.0.1:4011/v2/jobs', NOTHING, trusted))).toBe('private_address');
    expect(reasonOf(() => checkUrl('http://a:b@127.0.0.1:4010/v2/jobs', NOTHING, trusted))).toBe('credentials_in_url');
  });

  test('is refused in words that name the mend and tell nothing of its path', () => {
    const refusal = (() => {
      try {
        return checkUrl('http://10.0.0.1/secret?token=t0k3n', NOTHING);
      } catch (error) {
        return error as EgressRefused;
      }
    })();
    expect(String(refusal)).toContain('EGRESS_ALLOW');
    expect(String(refusal)).not.toMatch(/secret|t0k3n/);
  });
});

describe('EGRESS_ALLOW', () => {
  test('is read as CIDRs and single addresses', () => {
    expect(parseCidrs('10.0.0.0/8, 192.168.1.5  ::1')).toEqual(['10.0.0.0/8', '192.168.1.5/32', '::1/128']);
    expect(parseCidrs('  ')).toEqual([]);
  });

  test.each(['10/8', '10.0.0.0/33', 'example.com', '10.0.0.0/8/1', '010.0.0.1', 'fe80::1%eth0', '10.0.0.0/-1', '/8'])('refuses %s by name', (item) => {
    expect(() => parseCidrs(`127.0.0.1, ${item}`)).toThrow(`"${item}"`);
  });
});
