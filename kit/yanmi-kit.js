/* 验密工具包（JavaScript）：线上密码核验认证的加密、两个调用与结算判断，一个文件，拷进自己的程序即可。

   语言    ES2020：Node 18 或更新，各浏览器（<script src="yanmi-kit.js"> 之后用全局的 YanmiKit）
   需要    没有依赖；SM4、SM3 在本文件末尾。网络用 fetch
   试过    Debian 12 上的 Node 20：全部向量、沙箱里的一次结算、接入验收的全部情形（通过）
   没试过  浏览器里的 notify、status：浏览器不许网页向别的地址发请求（CORS），要由自己的服务器转发；
           密钥也不该放在网页里。网页里适合用的是 seal、unseal、kcv，核对自己服务器的加密

   node yanmi-kit.js vectors vectors.json           核对全部已知答案
   node yanmi-kit.js settle kit.conf 令牌 确认命令   走一遍：通知、等参保人确认、问能否结算
   node yanmi-kit.js settle kit.conf                 一个收费窗口：标准输入一行一个操作（接入验收） */
'use strict';

const YanmiKit = (() => {
  const NOTICE = '/cfc/api/tokenPwdCheckNotc', STATUS = '/cfc/api/tokenPwdStas'; // 1.7.1 与 1.7.2
  const utf8 = text => [...new TextEncoder().encode(text)];
  const hex = bytes => bytes.map(byte => byte.toString(16).padStart(2, '0')).join('').toUpperCase();
  const unhex = digits => digits.match(/../g).map(pair => parseInt(pair, 16));

  /** 不合规范的内容；code 是中心对它的返回码（-2 形式不对，-4 解不开）。 */
  class Refused extends Error {
    constructor(code, why) { super(why); this.code = code; }
  }

  // ---- 一、六个函数 ----

  /** 下发的密钥：32 位十六进制，或 16 个 ASCII 字符。最常见的错误就是把前者当作后者。 */
  function keyBytes(text) {
    const bytes = /^[0-9A-Fa-f]{32}$/.test(text) ? unhex(text) : utf8(text);
    if (bytes.length !== 16) throw new Error('密钥应为 32 位十六进制或 16 个 ASCII 字符');
    return bytes;
  }

  /** 加密（encData）：UTF-8，PKCS7，SM4-ECB，大写十六进制。 */
  function seal(key, text) {
    const data = utf8(text), fill = 16 - data.length % 16; // 恰为整块时也要再补一整块：解密的一方总是从最后一个字节知道补了多少
    for (let at = 0; at < fill; at++) data.push(fill);
    return hex(blocks(sm4Keys(key), data));
  }

  /** 解密。每一步都查：填充不对、不是 UTF-8、不是 JSON 对象的，都不是中心的应答。 */
  function unseal(key, encData) {
    if (!/^([0-9A-Fa-f]{32})+$/.test(encData)) throw new Refused(-2, 'encData 应为十六进制，长度为 32 的倍数');
    const data = blocks(sm4Keys(key).reverse(), unhex(encData)); // 解密就是把轮密钥倒过来用
    const fill = data[data.length - 1];
    if (fill < 1 || fill > 16 || data.slice(-fill).some(byte => byte !== fill)) {
      throw new Refused(-4, '填充不是 PKCS7，多半是密钥不对：与中心比对密钥校验值');
    }
    let text;
    try {
      text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(data.slice(0, -fill)));
    } catch {
      throw new Refused(-4, '明文不是 UTF-8');
    }
    members(text);
    return text;
  }

  /** 密钥校验值：双方各自算出 6 位来比对，不必说出密钥。 */
  const kcv = key => hex(blocks(sm4Keys(key), new Array(16).fill(0)).slice(0, 3));

  /** userPwd：六位凭证密码的 SM3。只能由参保人自己输入；不保存，不写日志（1.5.4(3)）。 */
  const passwordDigest = password => hex(sm3(utf8(password)));

  /** 请求的 mac：ECB 没有校验，没有它，线路上的人不用密钥就能剪贴、重放、伪造 500320。 */
  const requestMac = (key, path, orgId, version, reqtType, timestamp, encData) =>
    mac(key, ['request', path, orgId, version, reqtType, timestamp, encData]);

  /** 应答的 mac 把请求的 mac（request）算在内，所以只属于这一次请求；拒绝也有。 */
  const answerMac = (key, request, code, message, encData) =>
    mac(key, ['answer', request, String(code), message, encData || '']);

  function mac(key, parts) {
    const derived = hmac(hmac(new Array(32).fill(0), key), [...utf8('yanmi/envelope/mac/1'), 1]); // HKDF-SM3，没有 salt
    return hex(hmac(derived, parts.flatMap(part => [...length8(utf8(part).length), ...utf8(part)])));
  }

  // ---- 二、判断：一个应答说明什么，经办人员下一步做什么 ----

  /** decision：settle 可以结算，wait 已通知、等参保人，refuse 不结算，offline 转线下方式。
      code：返回码；没有得到应答为 null，mac 不符为 "mac"。seconds：要求等多少秒再发，0 为没有要求。 */
  const judgment = (decision, code, why, next, seconds = 0) => ({
    decision, code, why, next, seconds, proven: false, toString: () => `${why}。${next}${seconds ? `（${seconds} 秒之后再发）` : ''}`,
  });
  const noAnswer = why => judgment('offline', null, '无法得到中心的应答：' + why, INSTEAD);

  /** 1.1：先判断协议字段，再判断业务返回，最后判断交易状态。任何一步说不清，都不结算。
      request 是请求的 mac（没有则 null），notices 是本次就诊通知了几次。 */
  function judge(call, key, request, macRequired, http, retryAfter, body, notices = 1) {
    const strange = noAnswer(`中心的应答不合规范（HTTP ${http}）`);
    let answer, encData;
    try {
      answer = members(body.replace(/^\uFEFF/, ''));
      encData = members(answer.get('data') || '{}').get('encData');
    } catch {
      return strange;
    }
    if (!/^-?\d{1,9}$/.test(answer.get('code') || '')) return strange;
    const code = Number(answer.get('code')), message = answer.get('message') || '';
    const proven = Boolean(request && answer.get('mac'));
    if (proven && !same(answer.get('mac').toUpperCase(), answerMac(key, request, code, message, encData))) {
      return judgment('refuse', 'mac', '中心的应答不可信：mac 不符，被改动过或不是对本次请求的', RENOTIFY);
    }
    if (!proven && macRequired && (code === 0 || code === 500320)) { // 能让人结算的，必须有 mac
      return judgment('refuse', 'mac', '中心的应答不可信：没有 mac', RENOTIFY);
    }
    let said;
    if (code !== 0) {
      said = refusal(code, message, retryAfter);
    } else if (http !== 200) {
      return strange;
    } else {
      let plain;
      try {
        plain = members(unseal(key, encData || ''));
      } catch (why) {
        return noAnswer(why.message);
      }
      said = state(call, plain.get(call === 'notice' ? 'notcFlag' : 'checkStas'), notices) || strange;
    }
    said.proven = proven;
    return said;
  }

  /** 交易状态。 */
  function state(call, flag, notices) {
    if (flag !== '0' && flag !== '1') return null;
    if (call === 'notice') {
      return flag === '1' ? judgment('wait', 0, '已通知参保人的渠道应用', NOT_CONFIRMED[0])
        : judgment('offline', 0, '通知参保人的渠道应用失败：通知结果标识为 0', INSTEAD);
    }
    return flag === '1' ? judgment('settle', 0, '线上密码核验认证通过', '请继续办理医保业务并结算。')
      : judgment('refuse', 0, '参保人尚未完成线上认证，结算前需先完成安全认证', NOT_CONFIRMED[Math.min(notices, 3) - 1]);
  }

  /** 业务返回。 */
  function refusal(code, message, retryAfter) {
    const why = `${message}（${code}）`;
    if (code === 500320) return judgment('settle', code, why, '请继续办理医保业务并结算。'); // 免密不是失败：直接结算
    let seconds = 0, next = NEXT[code] || INSTEAD;
    if (code === -6 || code === 500084) {
      const told = /请 (\d{1,4}) 秒/.exec(message);
      seconds = Number(/^\d{1,4}$/.test(retryAfter || '') ? retryAfter : told ? told[1] : 3);
    }
    if (code === 500084 && message.includes('非本人')) {
      next = `请核实持码人身份，未核实前不得结算；核实为本人的，采用${OFFLINE}。`;
    }
    const offline = [-1, -3, 500033, 500319, 500321].includes(code); // 中心或渠道此刻用不了；其余的要先改正或等待
    return judgment(offline ? 'offline' : 'refuse', code, why, next, seconds);
  }

  // ---- 三、两个调用，与一次就诊 ----

  /** 一个账号与它的中心；text 是 kit.conf 的内容。proven：中心的应答带过 mac，此后没有 mac 的不再采信。 */
  class Center {
    constructor(text) {
      const lines = text.replace(/^\uFEFF/, '').split('\n').filter(line => line.includes('=') && !line.startsWith('#'));
      this.set = Object.fromEntries(lines.map(line => [line.slice(0, line.indexOf('=')).trim(), line.slice(line.indexOf('=') + 1).trim()]));
      this.key = keyBytes(this.set.key);
      this.proven = false;
      if (!/^(https:\/\/|http:\/\/(127\.|localhost|\[::1\]))/.test(this.set.url) && this.set.plainHttp !== '1') {
        throw new Error('明文 http 只许本机；确知线路可信才写 plainHttp=1');
      }
    }

    /** 1.7.1 通知。amount 是预结算的医疗费总额，如 "128.50"：若有应必传。 */
    notify(token, amount) {
      const [organization, name] = [this.set.orgCodg, this.set.orgName].map(text => JSON.stringify(text));
      return this.call('notice', NOTICE, `{"token":${JSON.stringify(token)},"orgCodg":${organization},"orgName":${name},"totalAmount":${amount}}`);
    }

    /** 1.7.2 查询。令牌与通知的相同；不要循环轮询，点击确认结算时查一次。 */
    status(token, notices = 1) {
      return this.call('status', STATUS, JSON.stringify({ token, orgCodg: this.set.orgCodg }), notices);
    }

    async call(call, path, text, notices = 1) {
      const timestamp = String(Date.now()); // 每次（包括重试）都重新取时间、重新组包
      const { orgId, region, prefix = 'sys', mac: use = 'auto', timeoutMs = '8000' } = this.set;
      const envelope = { orgId, encData: seal(this.key, text), version: '1.0.0', timestamp, reqtType: `${prefix}&${region}` };
      const request = use === 'never' ? null
        : requestMac(this.key, path, orgId, '1.0.0', envelope.reqtType, timestamp, envelope.encData);
      if (request) envelope.mac = request;
      const patience = new AbortController(), clock = setTimeout(() => patience.abort(), Number(timeoutMs));
      let http, retryAfter, body;
      try {
        const answer = await fetch(this.set.url + path, {
          method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(envelope), redirect: 'error', signal: patience.signal,
        });
        [http, retryAfter, body] = [answer.status, answer.headers.get('Retry-After'), await answer.text()];
      } catch (why) { // 连不上、断开、不完整：不论什么原因，都没有得到应答
        return patience.signal.aborted ? judgment('offline', null, '请求中心超时', INSTEAD) : noAnswer(why.message);
      } finally {
        clearTimeout(clock);
      }
      const said = judge(call, this.key, request, use === 'always' || (use === 'auto' && this.proven), http, retryAfter, body, notices);
      this.proven = this.proven || said.proven;
      return said;
    }
  }

  /** 一次展码就诊，扫码的那一刻建立（介质在读取时记录，不以结算时的证件类型倒推）。
      换渠道应用重新展码就另建一个：旧令牌的通知与认证全部作废。 */
  class Visit {
    constructor(center, token) {
      Object.assign(this, { center, token, notices: 0, notice: null, covers: null, at: 0 });
    }

    /** 可由经办人员多次发起（1.4.4(5)A），间隔 3 秒以上。 */
    async notify(amount) {
      const said = await this.center.notify(this.token, amount), fen = cents(amount);
      if (said.decision === 'wait' || said.decision === 'settle') {
        this.covers = fen; // 参保人确认的，至多是最近一次通知的金额
      } else if (said.code === null) { // 没有得到应答：通知可能到了，只会把金额压低
        this.covers = this.covers === null ? fen : Math.min(fen, this.covers);
      }
      Object.assign(this, { notices: this.notices + 1, notice: said, at: Date.now() });
      return said;
    }

    /** 点击确认结算时问：每次都重新查询（1.6.2(8)），只有 settle 才结算。退费、撤销不必问。 */
    async settle(amount) {
      let said = this.notice;
      if (!said) return judgment('refuse', null, '尚未发起线上认证通知', '请为参保人发起线上密码核验认证通知。');
      const free = said.decision === 'settle' && Math.abs(Date.now() - this.at) < 1800e3; // 通知就得到 500320 的，直接办理
      if (!free && said.code !== 'mac') {
        const asked = await this.center.status(this.token, this.notices);
        const unconfirmed = asked.decision === 'refuse' && asked.code === 0;
        if (!(unconfirmed && ['refuse', 'offline'].includes(said.decision))) said = asked; // 通知本身没有成功的，说通知的原因
      }
      if (said.decision === 'settle' && (this.covers === null || cents(amount) > this.covers)) {
        return judgment('refuse', 0, '参保人确认的金额低于本次结算金额', RENOTIFY);
      }
      return said;
    }
  }

  /** 金额不用浮点数：换成分。 */
  function cents(amount) {
    const found = /^(\d{1,13})(?:\.(\d{1,2}))?$/.exec(amount);
    if (!found) throw new Error('金额应为元，至多两位小数：' + amount);
    return Number(found[1]) * 100 + Number((found[2] || '0').padEnd(2, '0'));
  }

  // ---- 附一：经办人员的下一步（1.9、1.4.4(5)） ----

  const OFFLINE = '医保终端刷脸、医保终端密码或动态库密码'; // 本机构没有的方式，从这里删去
  const INSTEAD = '请改用' + OFFLINE + '；也可稍后重新发起认证通知。';
  const RENOTIFY = '请按本次结算金额重新发起认证通知，再确认结算。';
  const INFORM = '本次请采用' + OFFLINE + '，并告知信息科：';
  const NOT_CONFIRMED = [ // 通知了一次、两次、三次及以上
    '请参保人在展码渠道应用上完成认证；未收到通知的，请其先打开手机并进入展码渠道应用，再重新发起认证通知。',
    '请参保人查看手机的系统通知和渠道应用内的站内信（消息中心），点击通知进入认证页面。',
    '请参保人换一个渠道应用重新展码，重新解码后再发起通知；或改用' + OFFLINE + '。',
  ];
  const NEXT = {
    '-1': INFORM + '中心一侧出错或不可用：机构可稍后重试一次，仍不成功则引导参保人采用线下方式；中心按日志查因。',
    '-2': INFORM + '按提示信息中的参数名修改程序；时间戳超差时先校准本机时钟。原样重发不会成功。',
    '-3': '请稍后重试一次；或改用' + OFFLINE + '。',
    '-4': INFORM + '核对业务系统编码、密钥（比对密钥校验值）、SM4-ECB、PKCS7 填充与 UTF-8 编码；请中心查看日志中的确切原因。',
    '-5': INFORM + '核对请求地址的路径，区分大小写。',
    '-6': INFORM + '等提示的秒数（亦见 Retry-After 头）后再发；不要循环轮询，查询可用 waitSeconds。',
    500001: '令牌无效或已过期：请参保人重新展码，重新解码。',
    500002: '请参保人先在渠道应用中激活医保电子凭证，再重新发起认证通知；或改用' + OFFLINE + '。',
    500003: '请参保人在该渠道应用中完成授权后重新发起，或换一个渠道应用重新展码；或改用' + OFFLINE + '。',
    500012: '请参保人改用国家医保服务平台 APP 等支持结算的渠道应用重新展码；或改用' + OFFLINE + '。',
    500033: INFORM + '国家电子凭证不可用：机构可稍后重试或采用线下方式；中心检查到国家电子凭证的连接。',
    500042: '请参保人在渠道应用中设置医保电子凭证密码，再重新发起认证通知；或改用' + OFFLINE + '。',
    500050: '请参保人到医保经办机构核实参保信息，本次采用' + OFFLINE + '。',
    500054: '请参保人到医保经办机构核实参保信息，本次采用' + OFFLINE + '。',
    500057: '请核对参保人身份；确为本人的，到医保经办机构更正信息，本次采用' + OFFLINE + '。',
    500058: '请参保人到医保经办机构核实参保信息，本次采用' + OFFLINE + '。',
    500084: '先请参保人打开渠道应用查看消息中心里已有的通知，稍等后再重新发起。',
    500100: INFORM + '向地方电子凭证中心申请该接口的权限。',
    500208: INFORM + '中心补录渠道认证记录；参保人可先换渠道应用。',
    500209: INFORM + '中心核实停用原因；参保人可先换渠道应用。',
    500316: INFORM + '传国标定点机构代码（H 或 P 加 11 位数字），且须登记在本业务系统编码之下。',
    500319: '请参保人打开渠道应用后重新发起一次；仍失败则换渠道应用重新展码；或改用' + OFFLINE + '。',
    500321: '请参保人改用国家医保服务平台 APP 等支持结算的渠道应用重新展码；或改用' + OFFLINE + '。',
  };

  // ---- 附二：JSON 对象的成员。JSON.parse 对重复的成员取最后一个；重复的应答谁也说不清，所以拒绝 ----

  /** 成员名到值：字符串去掉引号，null 为 null，其余为原文（内层对象可再读一次）。 */
  function members(text) {
    let whole;
    try {
      whole = JSON.parse(text);
    } catch {
      throw new Refused(-4, '明文不是 JSON');
    }
    if (typeof whole !== 'object' || whole === null || Array.isArray(whole)) throw new Refused(-4, '明文不是 JSON 对象');
    const out = new Map(), token = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;
    let depth = 0, name = null, last = '', start = 0;
    const end = at => {
      if (name === null) return;
      const raw = text.slice(start, at).trim();
      const value = raw === 'null' ? null : raw.startsWith('"') ? JSON.parse(raw) : raw;
      if (/\p{Cs}/u.test(value || '')) throw new Refused(-4, '明文不是文字'); // 落单的代理字符
      out.set(name, value);
      name = null;
    };
    for (let found; (found = token.exec(text));) {
      const word = found[0];
      if (word === ':' && depth === 1 && name === null) {
        name = JSON.parse(last);
        start = token.lastIndex;
        if (out.has(name)) throw new Refused(-4, 'JSON 成员重复');
        if (/\p{Cs}/u.test(name)) throw new Refused(-4, '明文不是文字');
      } else if ((word === ',' || word === '}') && depth === 1) {
        end(found.index);
      }
      if (word === '{' || word === '[') depth++;
      if (word === '}' || word === ']') depth--;
      last = word;
    }
    return out;
  }

  // ---- 附三：SM4（GB/T 32907）与 SM3（GB/T 32905） ----

  const SBOX = unhex('d690e9fecce13db716b614c228fb2c052b679a762abe04c3aa441326498606999c4250f491ef987a33540b43edcfac62e4b31ca9c908e89580df94fa758f3fa64707a7fcf37317ba83593c19e6854fa8686b81b27164da8bf8eb0f4b70569d351e240e5e6358d1a225227c3b01217887d40046579fd327524c3602e7a0c4c89eeabf8ad240c738b5a3f7f2cef96115a1e0ae5da49b341a55ad933230f58cb1e31df6e22e8266ca60c02923ab0d534e6fd5db3745defd8e2f03ff6a726d6c5b518d1baf92bbddbc7f11d95c411f105ad80ac13188a5cd7bbd2d74d012b8e5b4b08969974a0c96777e65b9f109c56ec68418f07dec3adc4d2079ee5f3ed7cb3948');
  const rotate = (value, count) => value << count | value >>> 32 - count; // 移位的位数自动取 32 的余数
  const word = (bytes, at) => bytes[at] << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3];
  const apart = words => words.flatMap(value => [value >>> 24, value >>> 16 & 255, value >>> 8 & 255, value & 255]);
  const substituted = value => word(apart([value]).map(byte => SBOX[byte]), 0);

  function sm4Keys(key) {
    const words = [0xA3B1BAC6, 0x56AA3350, 0x677D9197, 0xB27022DC].map((system, at) => word(key, 4 * at) ^ system);
    for (let turn = 0; turn < 32; turn++) {
      const constant = word([0, 1, 2, 3].map(at => (4 * turn + at) * 7 & 255), 0);
      const mixed = substituted(words[turn + 1] ^ words[turn + 2] ^ words[turn + 3] ^ constant);
      words.push(words[turn] ^ mixed ^ rotate(mixed, 13) ^ rotate(mixed, 23));
    }
    return words.slice(4);
  }

  /** 逐块（ECB）；轮密钥倒过来就是解密。 */
  function blocks(keys, data) {
    const out = [];
    for (let at = 0; at < data.length; at += 16) {
      let [a, b, c, d] = [0, 4, 8, 12].map(more => word(data, at + more));
      for (const key of keys) {
        const mixed = substituted(b ^ c ^ d ^ key);
        [a, b, c, d] = [b, c, d, a ^ mixed ^ rotate(mixed, 2) ^ rotate(mixed, 10) ^ rotate(mixed, 18) ^ rotate(mixed, 24)];
      }
      out.push(...apart([d, c, b, a]));
    }
    return out;
  }

  const length8 = count => [0, 0, 0, 0, ...apart([count])];

  function sm3(message) {
    let state = [0x7380166F, 0x4914B2B9, 0x172442D7, 0xDA8A0600, 0xA96F30BC, 0x163138AA, 0xE38DEE4D, 0xB0FB0E4E];
    const zeros = (119 - message.length % 64) % 64;
    const data = [...message, 0x80, ...new Array(zeros).fill(0), ...length8(8 * message.length)];
    for (let at = 0; at < data.length; at += 64) {
      const w = [];
      for (let j = 0; j < 16; j++) w.push(word(data, at + 4 * j));
      for (let j = 16; j < 68; j++) {
        const x = w[j - 16] ^ w[j - 9] ^ rotate(w[j - 3], 15);
        w.push(x ^ rotate(x, 15) ^ rotate(x, 23) ^ rotate(w[j - 13], 7) ^ w[j - 6]);
      }
      let [a, b, c, d, e, f, g, h] = state;
      for (let j = 0; j < 64; j++) {
        const early = j < 16, turned = rotate(a, 12);
        const one = rotate(turned + e + rotate(early ? 0x79CC4519 : 0x7A879D8A, j) | 0, 7), two = one ^ turned;
        const first = (early ? a ^ b ^ c : a & b | a & c | b & c) + d + two + (w[j] ^ w[j + 4]) | 0;
        const second = (early ? e ^ f ^ g : e & f | ~e & g) + h + one + w[j] | 0;
        [a, b, c, d, e, f, g, h] = [first, a, rotate(b, 9), c, second ^ rotate(second, 9) ^ rotate(second, 17), e, rotate(f, 19), g];
      }
      state = [a, b, c, d, e, f, g, h].map((value, i) => value ^ state[i]);
    }
    return apart(state);
  }

  function hmac(key, data) {
    const padded = [...key, ...new Array(64 - key.length).fill(0)]; // 这里的密钥都不超过 64 字节
    return sm3([...padded.map(byte => byte ^ 0x5C), ...sm3([...padded.map(byte => byte ^ 0x36), ...data])]);
  }

  /** 所用时间与内容无关的比较。 */
  function same(one, other) {
    let different = one.length ^ other.length;
    for (let at = 0; at < one.length; at++) different |= one.charCodeAt(at) ^ other.charCodeAt(at % other.length);
    return different === 0;
  }

  return { Refused, Center, Visit, keyBytes, seal, unseal, kcv, passwordDigest, requestMac, answerMac, judge, judgment, members };
})();

// ---- 四、命令行（Node） ----

const COMMANDS = {
  /** 一个收费窗口：每行一个操作，各答一行“返回值 提示”。 */
  async window(kit, center) {
    const RETURNS = { settle: 0, wait: 0, refuse: 1, offline: 2 };
    let visit, said;
    for await (const line of require('readline').createInterface({ input: process.stdin })) {
      const [what, value = ''] = line.trim().split(/\s+/);
      if (what === 'scan' || what === 'token') {
        visit = new kit.Visit(center, value);
        said = kit.judgment('wait', 0, '已登记', '');
      } else if (what === 'notice') {
        said = await visit.notify(value);
      } else if (what === 'status') {
        said = await center.status(visit.token, Math.max(visit.notices, 1));
      } else {
        said = await visit.settle(value);
      }
      console.log(`${RETURNS[said.decision]} ${said}`);
    }
  },

  /** 走一遍：通知之前不结算，确认之前不结算，确认之后结算，金额变大不结算。 */
  async journey(kit, center, token, confirm) {
    const visit = new kit.Visit(center, token);
    const show = (step, said, expected) => {
      console.log(`${step}：${said}`);
      if (said.decision !== expected) throw new Error(`应为 ${expected}，得到 ${said.decision}`);
    };
    console.log('密钥校验值：' + kit.kcv(center.key));
    show('通知之前', await visit.settle('128.50'), 'refuse');
    show('通知', await visit.notify('128.50'), 'wait');
    show('确认之前', await visit.settle('128.50'), 'refuse');
    require('child_process').execSync(confirm, { stdio: 'inherit' });
    show('确认之后', await visit.settle('128.50'), 'settle');
    show('金额变大', await visit.settle('128.51'), 'refuse');
    console.log('可以结算');
  },

  vectors(kit, text) {
    const table = kit.members(text);
    for (const [name, row] of table) {
      const v = kit.members(row), key = v.has('key') ? kit.keyBytes(v.get('key')) : [];
      const judged = said => `${said.decision}|${said.code === null ? '' : said.code}|${said.seconds}|${said.next}`;
      let got;
      try {
        got = {
          seal: () => kit.seal(key, v.get('plain')),
          unseal: () => kit.unseal(key, v.get('encData')),
          kcv: () => kit.kcv(key),
          digest: () => kit.passwordDigest(v.get('password')),
          requestMac: () => kit.requestMac(key, ...['path', 'orgId', 'version', 'reqtType', 'timestamp', 'encData'].map(part => v.get(part))),
          answerMac: () => kit.answerMac(key, ...['request', 'code', 'message', 'encData'].map(part => v.get(part))),
          judge: () => judged(kit.judge(v.get('call'), key, v.get('request'), v.get('macRequired') === '1', Number(v.get('http')),
            v.get('retryAfter'), v.get('body'), Number(v.get('notices')))),
        }[v.get('do')]();
      } catch (why) {
        if (!(why instanceof kit.Refused)) throw why;
        got = String(why.code);
      }
      if (got !== v.get('result')) throw new Error(`不符：${name}\n  应为 ${v.get('result')}\n  得到 ${got}`);
    }
    console.log(`${table.size} 个向量全部相符`);
  },
};

if (typeof module !== 'undefined') module.exports = YanmiKit;
if (typeof module !== 'undefined' && require.main === module) {
  const [what, file, ...rest] = process.argv.slice(2);
  const text = () => require('fs').readFileSync(file, 'utf8');
  const run = async () => {
    if (what === 'vectors' && file && rest.length === 0) return COMMANDS.vectors(YanmiKit, text());
    if (what !== 'settle' || !file || (rest.length !== 0 && rest.length !== 2)) throw new Error('用法见本文件开头');
    const center = new YanmiKit.Center(text());
    return rest.length === 0 ? COMMANDS.window(YanmiKit, center) : COMMANDS.journey(YanmiKit, center, ...rest);
  };
  run().then(() => process.exit(0), why => { console.error(why.message); process.exit(1); });
}
