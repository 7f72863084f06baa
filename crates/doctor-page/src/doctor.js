'use strict';
// 程序是 WASI 的：标准输入放问题，标准输出取答案。每次都是一个新的实例，密钥不会留在里面。
const bytes = Uint8Array.from(atob('{{PROGRAM}}'), c => c.charCodeAt(0));
const byId = id => document.getElementById(id);
const NOT_HERE = 52;

function wasi(input, output) {
  let memory, at = 0;
  const view = () => new DataView(memory.buffer);
  // 一组缓冲区：地址与长度各四个字节。
  const each = (list, count, act) => {
    let total = 0;
    for (let i = 0; i < count; i++) {
      const place = view().getUint32(list + 8 * i, true), size = view().getUint32(list + 8 * i + 4, true);
      total += act(new Uint8Array(memory.buffer, place, size));
    }
    return total;
  };
  const known = {
    fd_read: (fd, list, count, read) => {
      view().setUint32(read, each(list, count, part => {
        const next = input.subarray(at, at + part.length);
        part.set(next);
        at += next.length;
        return next.length;
      }), true);
      return 0;
    },
    fd_write: (fd, list, count, written) => {
      view().setUint32(written, each(list, count, part => {
        if (fd === 1) output.push(part.slice());
        return part.length;
      }), true);
      return 0;
    },
    random_get: (place, size) => {
      crypto.getRandomValues(new Uint8Array(memory.buffer, place, size));
      return 0;
    },
    environ_sizes_get: (count, size) => {
      view().setUint32(count, 0, true);
      view().setUint32(size, 0, true);
      return 0;
    },
    environ_get: () => 0,
    proc_exit: code => { throw { code }; },
  };
  const functions = new Proxy(known, { get: (all, name) => all[name] || (() => NOT_HERE) });
  return { functions, use: instance => { memory = instance.exports.memory; } };
}

async function ask(program, question) {
  const output = [];
  const system = wasi(new TextEncoder().encode(JSON.stringify(question)), output);
  const imports = {};
  for (const { module, name } of WebAssembly.Module.imports(program)) {
    imports[module] = imports[module] || {};
    imports[module][name] = system.functions[name];
  }
  const instance = await WebAssembly.instantiate(program, imports);
  system.use(instance);
  try {
    instance.exports._start();
  } catch (ended) {
    if (ended.code !== 0) throw ended;
  }
  const text = new Uint8Array(output.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of output) { text.set(part, at); at += part.length; }
  return JSON.parse(new TextDecoder().decode(text));
}

function show(place, lines) {
  place.replaceChildren(...lines.map(line => {
    const p = document.createElement('p');
    p.className = line.level;
    p.textContent = { good: '✓ ', bad: '✗ ', note: '· ' }[line.level] + line.text;
    return p;
  }));
}

function put(place, text) {
  place.hidden = text === undefined;
  place.textContent = text === undefined ? '' : text;
}

function start(program) {
  const said = new Map();
  // 后问的先答完时，先问的不再显示。
  const answer = async (name, question, then) => {
    const turn = (said.get(name) || 0) + 1;
    said.set(name, turn);
    let told;
    try {
      told = await ask(program, question);
    } catch (broken) {
      told = { lines: [{ level: 'bad', text: '本页的程序没有答复：刷新页面再试。' }] };
    }
    if (said.get(name) === turn) then(told);
  };
  const key = () => byId('key').value;
  const looks = {
    key: () => answer('key', { action: 'key', key: key() }, told => {
      byId('kcv').textContent = told.kcv || '——';
      show(byId('key-said'), key() ? told.lines : []);
    }),
    sealed: () => {
      const text = byId('sealed').value;
      if (!text.trim()) { show(byId('sealed-said'), []); put(byId('plain')); return; }
      const question = { action: 'open', key: key(), text, path: byId('path').value, requestMac: byId('request-mac').value };
      answer('sealed', question, told => {
        show(byId('sealed-said'), told.lines);
        byId('sealed-said').dataset.name = told.name || '';
        put(byId('plain'), told.plain);
      });
    },
    text: () => {
      const text = byId('text').value;
      if (!text) { show(byId('text-said'), []); put(byId('made')); return; }
      answer('text', { action: 'seal', key: key(), text }, told => {
        show(byId('text-said'), told.lines);
        put(byId('made'), told.made);
      });
    },
    password: () => {
      const text = byId('password').value;
      if (!text) { show(byId('password-said'), []); put(byId('digest')); return; }
      answer('password', { action: 'digest', text }, told => {
        show(byId('password-said'), told.lines);
        put(byId('digest'), told.made);
      });
    },
  };
  const on = (id, ...names) => byId(id).addEventListener('input', () => names.forEach(name => looks[name]()));
  on('key', 'key', 'sealed', 'text');
  on('sealed', 'sealed');
  on('path', 'sealed');
  on('request-mac', 'sealed');
  on('text', 'text');
  on('password', 'password');
  Object.values(looks).forEach(look => look());
  document.documentElement.dataset.ready = 'yes';
}

if (typeof WebAssembly === 'object') {
  WebAssembly.compile(bytes).then(start, () => { byId('broken').hidden = false; });
} else {
  byId('broken').hidden = false;
}
