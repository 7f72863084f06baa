/* 验密工具包（C）：线上密码核验认证的加密、两个调用与结算判断，一个文件，拷进自己的程序即可。
 *
 * 语言    C99
 * 需要    只用 C 标准库与套接字（POSIX 或 Winsock）；SM4、SM3、JSON 在本文件末尾
 * https   套接字没有 TLS：只能调用 http 的中心地址。中心给的是 https 的，两种办法：在本机装一个转发（如 stunnel），
 *         url 写本机的；或把 kit_post 换成 libcurl、WinHTTP 的调用（只有这一个函数用网络）。不用 curl 命令：每次调用都要起进程
 * 试过    Debian 12 的 gcc 12（-std=c99 -Wall -Wextra -Werror，在 valgrind 之下）：全部向量、沙箱里的一次结算、接入验收的全部情形（通过）
 * 没试过  Windows：用 MinGW（i686，连接 -lws2_32）编译过，没有运行过
 *
 *   gcc -std=c99 -DKIT_MAIN -o yanmi_kit yanmi_kit.c    拷进自己的程序时不定义 KIT_MAIN
 *   ./yanmi_kit vectors vectors.json           核对全部已知答案
 *   ./yanmi_kit settle kit.conf 令牌 确认命令   走一遍：通知、等参保人确认、问能否结算
 *   ./yanmi_kit settle kit.conf                 一个收费窗口：标准输入一行一个操作（接入验收）
 *
 * 字符串一律 UTF-8；源文件也是，MSVC 编译要加 /utf-8。 */
#define _XOPEN_SOURCE 700
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#ifdef _WIN32
#include <winsock2.h>
#include <ws2tcpip.h>
#define close closesocket
#else
#include <errno.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#endif

#define KIT_NOTICE "/cfc/api/tokenPwdCheckNotc" /* 1.7.1 */
#define KIT_STATUS "/cfc/api/tokenPwdStas"      /* 1.7.2 */
#define KIT_BODY 65536                          /* 应答的字节数，更大的不是中心的应答 */
#define KIT_PLAIN 2048                          /* 请求明文的字节数 */

/* 结论：可以结算；已通知、等参保人；不结算；转线下方式 */
enum kit_decision { KIT_SETTLE, KIT_WAIT, KIT_REFUSE, KIT_OFFLINE };

/* code：返回码；没有得到应答为空串，mac 不符为 "mac"。seconds：要求等多少秒再发，0 为没有要求 */
struct kit_judgment {
    enum kit_decision decision;
    char code[12], why[1024], next[512];
    int seconds, proven;
};

/* 文件末尾的工具 */
static void sm4_keys(const uint8_t key[16], uint32_t keys[32]);
static void sm4(const uint32_t keys[32], int backwards, uint8_t *data, size_t length);
static void sm3(const uint8_t *data, size_t length, uint8_t out[32]);
static void hmac(const uint8_t *key, size_t key_length, const uint8_t *data, size_t length, uint8_t out[32]);
static int json_get(const char *text, const char *name, char *out, size_t size);
static int json_is_object(const char *text);
static int json_quoted(const char *text, char *out, size_t size);
static int is_utf8(const char *text);
static void hex(const uint8_t *data, size_t length, char *out);
static int unhex(const char *digits, uint8_t *out);
static const char *next_step(int code);
static const char *const NOT_CONFIRMED[3];
extern const char *const KIT_INSTEAD, *const KIT_RENOTIFY, *const KIT_IDENTIFY;

/* ---- 一、六个函数 ---- */

/* 下发的密钥：32 位十六进制，或 16 个 ASCII 字符。最常见的错误就是把前者当作后者。返回 0，或 -1 */
int kit_key(const char *text, uint8_t key[16]) {
    if (strlen(text) == 32) return unhex(text, key) == 16 ? 0 : -1;
    if (strlen(text) != 16) return -1;
    memcpy(key, text, 16);
    return 0;
}

/* 加密（encData）：UTF-8，PKCS7，SM4-ECB，大写十六进制。返回 0，放不下为 -1 */
int kit_seal(const uint8_t key[16], const char *text, char *out, size_t size) {
    size_t length = strlen(text), fill = 16 - length % 16; /* 恰为整块时也要再补一整块：解密的一方总是从最后一个字节知道补了多少 */
    uint32_t keys[32];
    uint8_t *data = malloc(length + fill);
    if (!data || size < 2 * (length + fill) + 1) return free(data), -1;
    memcpy(data, text, length);
    memset(data + length, (int)fill, fill);
    sm4_keys(key, keys);
    sm4(keys, 0, data, length + fill);
    hex(data, length + fill, out);
    return free(data), 0;
}

/* 解密。每一步都查：填充不对、不是 UTF-8、不是 JSON 对象的，都不是中心的应答。返回 0，或中心的返回码 -2、-4；out 至少与 enc_data 一样大 */
int kit_unseal(const uint8_t key[16], const char *enc_data, char *out) {
    size_t digits = strlen(enc_data), length = digits / 2, fill, at;
    uint8_t *data = malloc(length + 1);
    uint32_t keys[32];
    if (!data || digits == 0 || digits % 32 || unhex(enc_data, data) != (int)length) return free(data), -2;
    sm4_keys(key, keys);
    sm4(keys, 1, data, length);
    fill = data[length - 1];
    for (at = 1; fill >= 1 && fill <= 16 && at <= fill; at++)
        if (data[length - at] != fill) fill = 0;
    if (fill < 1 || fill > 16) return free(data), -4; /* 不是 PKCS7，多半是密钥不对：与中心比对密钥校验值 */
    memcpy(out, data, length - fill);
    out[length - fill] = 0;
    at = strlen(out);
    free(data);
    return at == length - fill && is_utf8(out) && json_is_object(out) ? 0 : -4;
}

/* 密钥校验值：双方各自算出 6 位来比对，不必说出密钥 */
void kit_kcv(const uint8_t key[16], char out[7]) {
    uint8_t block[16] = {0};
    uint32_t keys[32];
    sm4_keys(key, keys);
    sm4(keys, 0, block, 16);
    hex(block, 3, out);
}

/* userPwd：六位凭证密码的 SM3。只能由参保人自己输入；不保存，不写日志（1.5.4(3)） */
void kit_password_digest(const char *password, char out[65]) {
    uint8_t digest[32];
    sm3((const uint8_t *)password, strlen(password), digest);
    hex(digest, 32, out);
}

/* 各部分之前先写它的字节数，所以两组不同的部分不会拼成一样的 */
static void mac(const uint8_t key[16], const char *const *parts, int count, char out[65]) {
    uint8_t zero[32] = {0}, derived[32], *all;
    size_t length = 0, size = 0;
    int part, at;
    hmac(zero, 32, key, 16, derived); /* HKDF-SM3，没有 salt */
    hmac(derived, 32, (const uint8_t *)"yanmi/envelope/mac/1\x01", 21, derived);
    for (part = 0; part < count; part++) size += 8 + strlen(parts[part]);
    all = malloc(size);
    if (!all) abort();
    for (part = 0; part < count; part++) {
        size = strlen(parts[part]);
        for (at = 0; at < 8; at++) all[length++] = (uint8_t)((uint64_t)size >> (56 - 8 * at));
        memcpy(all + length, parts[part], size);
        length += size;
    }
    hmac(derived, 32, all, length, derived);
    hex(derived, 32, out);
    free(all);
}

/* 请求的 mac：ECB 没有校验，没有它，线路上的人不用密钥就能剪贴、重放、伪造 500320 */
void kit_request_mac(const uint8_t key[16], const char *path, const char *org_id, const char *version, const char *reqt_type,
                     const char *timestamp, const char *enc_data, char out[65]) {
    const char *parts[] = {"request", path, org_id, version, reqt_type, timestamp, enc_data};
    mac(key, parts, 7, out);
}

/* 应答的 mac 把请求的 mac（request）算在内，所以只属于这一次请求；拒绝也有 */
void kit_answer_mac(const uint8_t key[16], const char *request, int code, const char *message, const char *enc_data, char out[65]) {
    char number[12];
    const char *parts[] = {"answer", request, number, message, enc_data};
    snprintf(number, sizeof number, "%d", code);
    mac(key, parts, 5, out);
}

/* ---- 二、判断：一个应答说明什么，经办人员下一步做什么 ---- */

static struct kit_judgment judgment(enum kit_decision decision, const char *code, const char *why, const char *next) {
    struct kit_judgment said = {decision, "", "", "", 0, 0};
    snprintf(said.code, sizeof said.code, "%s", code);
    snprintf(said.why, sizeof said.why, "%s", why);
    snprintf(said.next, sizeof said.next, "%s", next);
    return said;
}

static struct kit_judgment no_answer(const char *why) {
    struct kit_judgment said = judgment(KIT_OFFLINE, "", "无法得到中心的应答：", KIT_INSTEAD);
    strncat(said.why, why, sizeof said.why - strlen(said.why) - 1);
    return said;
}

/* 业务返回 */
static struct kit_judgment refusal(int code, const char *message, const char *retry_after) {
    struct kit_judgment said = judgment(KIT_REFUSE, "", "", next_step(code));
    const char *told = strstr(message, "请 ");
    snprintf(said.code, sizeof said.code, "%d", code);
    snprintf(said.why, sizeof said.why, "%.900s（%d）", message, code);
    if (code == 500320) { /* 免密不是失败：直接结算 */
        said.decision = KIT_SETTLE;
        snprintf(said.next, sizeof said.next, "请继续办理医保业务并结算。");
    } else if (code == -1 || code == -3 || code == 500033 || code == 500319 || code == 500321) {
        said.decision = KIT_OFFLINE; /* 中心或渠道此刻用不了；其余的要先改正或等待 */
    } else if (code == -6 || code == 500084) {
        said.seconds = atoi(retry_after ? retry_after : told ? told + strlen("请 ") : "3");
        if (said.seconds < 1) said.seconds = 3;
        if (code == 500084 && strstr(message, "非本人")) snprintf(said.next, sizeof said.next, "%s", KIT_IDENTIFY);
    }
    return said;
}

/* 交易状态 */
static struct kit_judgment state(int is_notice, int one, int notices) {
    if (is_notice)
        return one ? judgment(KIT_WAIT, "0", "已通知参保人的渠道应用", NOT_CONFIRMED[0])
                   : judgment(KIT_OFFLINE, "0", "通知参保人的渠道应用失败：通知结果标识为 0", KIT_INSTEAD);
    return one ? judgment(KIT_SETTLE, "0", "线上密码核验认证通过", "请继续办理医保业务并结算。")
               : judgment(KIT_REFUSE, "0", "参保人尚未完成线上认证，结算前需先完成安全认证",
                          NOT_CONFIRMED[notices > 2 ? 2 : notices < 1 ? 0 : notices - 1]);
}

/* 与 judge 一样，缓冲区 a、b、c 都和应答一样大 */
static struct kit_judgment judge_in(int is_notice, const uint8_t key[16], const char *request, int mac_required, int http,
                                    const char *retry_after, const char *body, int notices, char *a, char *b, char *c, size_t size) {
    char text[64], number[16], proof[65], given[65] = "", *rest;
    struct kit_judgment strange, said;
    int code, found, proven, different = 0, at;
    snprintf(text, sizeof text, "中心的应答不合规范（HTTP %d）", http);
    strange = no_answer(text);
    if (!strncmp(body, "\xEF\xBB\xBF", 3)) body += 3;
    if (!is_utf8(body) || json_get(body, "code", number, sizeof number) < 1) return strange;
    code = (int)strtol(number, &rest, 10);
    if (*rest || rest == number) return strange;
    if (json_get(body, "message", a, size) < 0) a[0] = 0;
    found = json_get(body, "data", b, size);
    if (found == -2 || (found > 0 && json_get(b, "encData", c, size) == -2)) return strange;
    if (found < 1 || json_get(b, "encData", c, size) < 0) c[0] = 0;
    found = json_get(body, "mac", given, sizeof given);
    proven = request && found != -1 && found != 0;
    if (proven) { /* 所用时间与内容无关的比较 */
        kit_answer_mac(key, request, code, a, c, proof);
        for (at = 0; at < 64; at++) different |= proof[at] ^ (given[at] >= 'a' ? given[at] - 32 : given[at]);
        if (different || found != 64) return judgment(KIT_REFUSE, "mac", "中心的应答不可信：mac 不符，被改动过或不是对本次请求的", KIT_RENOTIFY);
    } else if (mac_required && (code == 0 || code == 500320)) { /* 能让人结算的，必须有 mac */
        return judgment(KIT_REFUSE, "mac", "中心的应答不可信：没有 mac", KIT_RENOTIFY);
    }
    if (code != 0) {
        said = refusal(code, a, retry_after);
    } else {
        if (http != 200) return strange;
        if (kit_unseal(key, c, b) != 0) return no_answer("应答解不开：核对密钥校验值");
        if (json_get(b, is_notice ? "notcFlag" : "checkStas", text, sizeof text) != 1 || (*text != '0' && *text != '1')) return strange;
        said = state(is_notice, *text == '1', notices);
    }
    said.proven = proven;
    return said;
}

/* 1.1：先判断协议字段，再判断业务返回，最后判断交易状态。任何一步说不清，都不结算。
 * request 是请求的 mac（没有则 NULL），notices 是本次就诊通知了几次 */
struct kit_judgment kit_judge(int is_notice, const uint8_t key[16], const char *request, int mac_required, int http,
                              const char *retry_after, const char *body, int notices) {
    size_t size = strlen(body) + 1;
    char *room = malloc(3 * size);
    struct kit_judgment said;
    if (!room) return no_answer("内存不足");
    said = judge_in(is_notice, key, request, mac_required, http, retry_after, body, notices, room, room + size, room + 2 * size, size);
    free(room);
    return said;
}

/* ---- 三、两个调用，与一次就诊 ---- */

/* 一个账号与它的中心；一个线程一个。proven：中心的应答带过 mac，此后没有 mac 的不再采信 */
struct kit_center {
    char url[256], orgId[64], key[40], region[8], prefix[32], orgCodg[40], orgName[256], mac[8], timeoutMs[12], plainHttp[4];
    uint8_t key_bytes[16];
    int proven;
};

/* 读 kit.conf。返回 NULL，或说明 */
const char *kit_open(struct kit_center *center, const char *file) {
    struct { const char *name; char *value; size_t size; } table[] = {
        {"url", center->url, sizeof center->url}, {"orgId", center->orgId, sizeof center->orgId}, {"key", center->key, sizeof center->key},
        {"region", center->region, sizeof center->region}, {"prefix", center->prefix, sizeof center->prefix},
        {"orgCodg", center->orgCodg, sizeof center->orgCodg}, {"orgName", center->orgName, sizeof center->orgName},
        {"mac", center->mac, sizeof center->mac}, {"timeoutMs", center->timeoutMs, sizeof center->timeoutMs},
        {"plainHttp", center->plainHttp, sizeof center->plainHttp}};
    struct kit_center fresh = {"", "", "", "", "sys", "", "", "auto", "8000", "", {0}, 0};
    char line[512];
    size_t at;
    FILE *in = fopen(file, "r");
    *center = fresh;
    if (!in) return "打不开配置文件";
    while (fgets(line, sizeof line, in)) {
        char *text = strncmp(line, "\xEF\xBB\xBF", 3) ? line : line + 3, *value = strchr(text, '=');
        if (!value || *text == '#') continue;
        *value++ = 0;
        value[strcspn(value, "\r\n")] = 0;
        for (at = 0; at < sizeof table / sizeof *table; at++)
            if (!strcmp(table[at].name, text)) snprintf(table[at].value, table[at].size, "%s", value);
    }
    fclose(in);
    if (kit_key(center->key, center->key_bytes)) return "密钥应为 32 位十六进制或 16 个 ASCII 字符";
    if (strncmp(center->url, "http://", 7)) return "只能调用 http 的地址：见本文件开头";
    if (strncmp(center->url, "http://127.", 11) && strncmp(center->url, "http://localhost", 16) && strcmp(center->plainHttp, "1"))
        return "明文 http 只许本机；确知线路可信才写 plainHttp=1";
    return NULL;
}

/* 一次 HTTP POST：内容写入 answer（size 个字节以内），返回 HTTP 状态；没有应答为 0，超时为 -1。https 的换掉这一个函数 */
static int kit_post(const char *url, const char *path, const char *body, int patience, char *retry_after, char *answer, size_t size) {
    char host[256], head[1024], *port, *prefix, *end, *line;
    size_t length = 0, sent = 0, total = strlen(body);
    struct addrinfo hints = {0}, *found = NULL;
    int line_no, status = 0, timed_out = 0;
#ifdef _WIN32
    DWORD wait = (DWORD)patience;
    WSADATA started;
    WSAStartup(MAKEWORD(2, 2), &started);
#else
    struct timeval wait = {patience / 1000, patience % 1000 * 1000};
#endif
    *retry_after = 0;
    snprintf(host, sizeof host, "%s", url + strlen("http://"));
    prefix = strchr(host, '/');
    snprintf(head, sizeof head, "POST %.200s%.100s HTTP/1.0\r\nHost: %.*s\r\nContent-Type: application/json\r\nContent-Length: %lu\r\n\r\n",
             prefix ? prefix : "", path, (int)strcspn(host, "/"), host, (unsigned long)total); /* HTTP/1.0：应答不分块 */
    host[strcspn(host, "/")] = 0;
    port = strrchr(host, ':');
    if (port) *port++ = 0;
    hints.ai_socktype = SOCK_STREAM;
    if (getaddrinfo(host, port ? port : "80", &hints, &found)) return 0;
    line_no = (int)socket(found->ai_family, SOCK_STREAM, 0);
    setsockopt(line_no, SOL_SOCKET, SO_RCVTIMEO, (const char *)&wait, sizeof wait);
    setsockopt(line_no, SOL_SOCKET, SO_SNDTIMEO, (const char *)&wait, sizeof wait);
    if (connect(line_no, found->ai_addr, found->ai_addrlen) == 0 && send(line_no, head, strlen(head), 0) == (int)strlen(head)) {
        while (sent < total) {
            int some = (int)send(line_no, body + sent, total - sent, 0);
            if (some < 1) break;
            sent += (size_t)some;
        }
        for (;;) {
            int some = (int)recv(line_no, answer + length, size - 1 - length, 0);
#ifdef _WIN32
            timed_out = some < 0 && WSAGetLastError() == WSAETIMEDOUT;
#else
            timed_out = some < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
#endif
            if (some < 1) break;
            length += (size_t)some;
        }
    }
    freeaddrinfo(found);
    close(line_no);
    if (timed_out) return -1;
    answer[length] = 0;
    end = strstr(answer, "\r\n\r\n");
    if (!end || strlen(answer) != length || sscanf(answer, "HTTP/%*d.%*d %d", &status) != 1) return 0;
    *end = 0;
    for (line = answer; (line = strstr(line, "\r\n")); line += 2)
        if (!strncmp(line + 2, "Retry-After:", 12) || !strncmp(line + 2, "retry-after:", 12)) snprintf(retry_after, 5, "%.4s", line + 14 + strspn(line + 14, " "));
    memmove(answer, end + 4, strlen(end + 4) + 1);
    return status;
}

static struct kit_judgment call(struct kit_center *center, int is_notice, const char *path, const char *text, int notices) {
    static const char *const late = "请求中心超时";
    char stamp[24], reqt_type[48], request[65] = "", retry_after[5], quoted[2][160];
    char *enc_data = malloc(2 * KIT_PLAIN + 64), *body = malloc(2 * KIT_PLAIN + 1024), *answer = malloc(KIT_BODY + 2048);
    struct kit_judgment said = no_answer("内存不足，或配置过长");
    int http, required;
#ifdef _WIN32
    FILETIME now;
    uint64_t millis;
    GetSystemTimeAsFileTime(&now); /* 每次（包括重试）都重新取时间、重新组包 */
    millis = ((uint64_t)now.dwHighDateTime << 32 | now.dwLowDateTime) / 10000 - 11644473600000ULL;
    sprintf(stamp, "%lu%03u", (unsigned long)(millis / 1000), (unsigned)(millis % 1000));
#else
    struct timeval now;
    gettimeofday(&now, NULL); /* 每次（包括重试）都重新取时间、重新组包 */
    snprintf(stamp, sizeof stamp, "%lld%03d", (long long)now.tv_sec, (int)(now.tv_usec / 1000));
#endif
    snprintf(reqt_type, sizeof reqt_type, "%s&%s", center->prefix, center->region);
    if (enc_data && body && answer && !kit_seal(center->key_bytes, text, enc_data, 2 * KIT_PLAIN + 64) &&
        !json_quoted(center->orgId, quoted[0], sizeof quoted[0]) && !json_quoted(reqt_type, quoted[1], sizeof quoted[1])) {
        sprintf(body, "{\"orgId\":%s,\"encData\":\"%s\",\"version\":\"1.0.0\",\"timestamp\":\"%s\",\"reqtType\":%s", quoted[0], enc_data, stamp, quoted[1]);
        if (strcmp(center->mac, "never")) {
            kit_request_mac(center->key_bytes, path, center->orgId, "1.0.0", reqt_type, stamp, enc_data, request);
            sprintf(body + strlen(body), ",\"mac\":\"%s\"", request);
        }
        strcat(body, "}");
        http = kit_post(center->url, path, body, atoi(center->timeoutMs), retry_after, answer, KIT_BODY + 2048);
        required = !strcmp(center->mac, "always") || (!strcmp(center->mac, "auto") && center->proven);
        /* 连不上、断开、不完整：不论什么原因，都没有得到应答 */
        said = http < 0 ? judgment(KIT_OFFLINE, "", late, KIT_INSTEAD) : http == 0 ? no_answer("无法连接，或连接中断")
             : kit_judge(is_notice, center->key_bytes, *request ? request : NULL, required, http, *retry_after ? retry_after : NULL, answer, notices);
        if (said.proven) center->proven = 1;
    }
    free(enc_data), free(body), free(answer);
    return said;
}

/* 1.7.1 通知。amount 是预结算的医疗费总额，如 "128.50"：若有应必传 */
struct kit_judgment kit_notify(struct kit_center *center, const char *token, const char *amount) {
    char text[KIT_PLAIN], quoted[3][600];
    if (json_quoted(token, quoted[0], 600) || json_quoted(center->orgCodg, quoted[1], 600) || json_quoted(center->orgName, quoted[2], 600))
        return no_answer("令牌或名称过长");
    snprintf(text, sizeof text, "{\"token\":%s,\"orgCodg\":%s,\"orgName\":%s,\"totalAmount\":%.20s}", quoted[0], quoted[1], quoted[2], amount);
    return call(center, 1, KIT_NOTICE, text, 1);
}

/* 1.7.2 查询。令牌与通知的相同；不要循环轮询，点击确认结算时查一次 */
struct kit_judgment kit_status(struct kit_center *center, const char *token, int notices) {
    char text[KIT_PLAIN], quoted[2][600];
    if (json_quoted(token, quoted[0], 600) || json_quoted(center->orgCodg, quoted[1], 600)) return no_answer("令牌过长");
    snprintf(text, sizeof text, "{\"token\":%s,\"orgCodg\":%s}", quoted[0], quoted[1]);
    return call(center, 0, KIT_STATUS, text, notices);
}

/* 一次展码就诊，扫码的那一刻建立（介质在读取时记录，不以结算时的证件类型倒推）。
 * 换渠道应用重新展码就另建一个：旧令牌的通知与认证全部作废 */
struct kit_visit {
    char token[64];
    int notices;
    struct kit_judgment notice;
    long long covers; /* 参保人至多确认了多少分；-1 为没有 */
    time_t at;
};

void kit_begin(struct kit_visit *visit, const char *token) {
    memset(visit, 0, sizeof *visit);
    snprintf(visit->token, sizeof visit->token, "%s", token);
    visit->covers = -1;
}

/* 金额不用浮点数：换成分；不是金额的为 -1 */
static long long cents(const char *amount) {
    size_t yuan = strspn(amount, "0123456789");
    const char *rest = amount[yuan] == '.' ? amount + yuan + 1 : "0";
    size_t digits = strspn(rest, "0123456789");
    if (yuan < 1 || yuan > 14 || digits < 1 || digits > 2 || rest[digits] || (amount[yuan] && amount[yuan] != '.')) return -1;
    return atoll(amount) * 100 + (rest[0] - '0') * 10 + (digits == 2 ? rest[1] - '0' : 0);
}

/* 可由经办人员多次发起（1.4.4(5)A），间隔 3 秒以上 */
struct kit_judgment kit_visit_notify(struct kit_center *center, struct kit_visit *visit, const char *amount) {
    long long fen = cents(amount);
    struct kit_judgment said;
    if (fen < 0) return judgment(KIT_REFUSE, "", "金额应为元，至多两位小数", KIT_RENOTIFY);
    said = kit_notify(center, visit->token, amount);
    if (said.decision == KIT_WAIT || said.decision == KIT_SETTLE)
        visit->covers = fen; /* 参保人确认的，至多是最近一次通知的金额 */
    else if (!*said.code && (visit->covers < 0 || fen < visit->covers))
        visit->covers = fen; /* 没有得到应答：通知可能到了，只会把金额压低 */
    visit->notices++;
    visit->notice = said;
    visit->at = time(NULL);
    return said;
}

/* 点击确认结算时问：每次都重新查询（1.6.2(8)），只有 KIT_SETTLE 才结算。退费、撤销不必问 */
struct kit_judgment kit_visit_settle(struct kit_center *center, struct kit_visit *visit, const char *amount) {
    struct kit_judgment said = visit->notice, asked;
    long long fen = cents(amount);
    if (!visit->notices) return judgment(KIT_REFUSE, "", "尚未发起线上认证通知", "请为参保人发起线上密码核验认证通知。");
    /* 半小时之内，通知就得到 500320 的，直接办理 */
    if (!(said.decision == KIT_SETTLE && llabs((long long)(time(NULL) - visit->at)) < 1800) && strcmp(said.code, "mac")) {
        asked = kit_status(center, visit->token, visit->notices);
        if (asked.decision != KIT_REFUSE || strcmp(asked.code, "0") || (said.decision != KIT_REFUSE && said.decision != KIT_OFFLINE))
            said = asked; /* 通知本身没有成功的，说通知的原因 */
    }
    if (said.decision == KIT_SETTLE && (fen < 0 || fen > visit->covers))
        return judgment(KIT_REFUSE, "0", "参保人确认的金额低于本次结算金额", KIT_RENOTIFY);
    return said;
}

/* ---- 附一：经办人员的下一步（1.9、1.4.4(5)） ---- */

#define OFFLINE "医保终端刷脸、医保终端密码或动态库密码" /* 本机构没有的方式，从这里删去 */
#define INSTEAD "请改用" OFFLINE "；也可稍后重新发起认证通知。"
#define RENOTIFY "请按本次结算金额重新发起认证通知，再确认结算。"
#define INFORM "本次请采用" OFFLINE "，并告知信息科："

/* 通知了一次、两次、三次及以上 */
static const char *const NOT_CONFIRMED[3] = {
    "请参保人在展码渠道应用上完成认证；未收到通知的，请其先打开手机并进入展码渠道应用，再重新发起认证通知。",
    "请参保人查看手机的系统通知和渠道应用内的站内信（消息中心），点击通知进入认证页面。",
    "请参保人换一个渠道应用重新展码，重新解码后再发起通知；或改用" OFFLINE "。",
};

static const struct { int code; const char *next; } NEXT[] = {
    {-1, INFORM "中心一侧出错或不可用：机构可稍后重试一次，仍不成功则引导参保人采用线下方式；中心按日志查因。"},
    {-2, INFORM "按提示信息中的参数名修改程序；时间戳超差时先校准本机时钟。原样重发不会成功。"},
    {-3, "请稍后重试一次；或改用" OFFLINE "。"},
    {-4, INFORM "核对业务系统编码、密钥（比对密钥校验值）、SM4-ECB、PKCS7 填充与 UTF-8 编码；请中心查看日志中的确切原因。"},
    {-5, INFORM "核对请求地址的路径，区分大小写。"},
    {-6, INFORM "等提示的秒数（亦见 Retry-After 头）后再发；不要循环轮询，查询可用 waitSeconds。"},
    {500001, "令牌无效或已过期：请参保人重新展码，重新解码。"},
    {500002, "请参保人先在渠道应用中激活医保电子凭证，再重新发起认证通知；或改用" OFFLINE "。"},
    {500003, "请参保人在该渠道应用中完成授权后重新发起，或换一个渠道应用重新展码；或改用" OFFLINE "。"},
    {500012, "请参保人改用国家医保服务平台 APP 等支持结算的渠道应用重新展码；或改用" OFFLINE "。"},
    {500033, INFORM "国家电子凭证不可用：机构可稍后重试或采用线下方式；中心检查到国家电子凭证的连接。"},
    {500042, "请参保人在渠道应用中设置医保电子凭证密码，再重新发起认证通知；或改用" OFFLINE "。"},
    {500050, "请参保人到医保经办机构核实参保信息，本次采用" OFFLINE "。"},
    {500054, "请参保人到医保经办机构核实参保信息，本次采用" OFFLINE "。"},
    {500057, "请核对参保人身份；确为本人的，到医保经办机构更正信息，本次采用" OFFLINE "。"},
    {500058, "请参保人到医保经办机构核实参保信息，本次采用" OFFLINE "。"},
    {500084, "先请参保人打开渠道应用查看消息中心里已有的通知，稍等后再重新发起。"},
    {500100, INFORM "向地方电子凭证中心申请该接口的权限。"},
    {500208, INFORM "中心补录渠道认证记录；参保人可先换渠道应用。"},
    {500209, INFORM "中心核实停用原因；参保人可先换渠道应用。"},
    {500316, INFORM "传国标定点机构代码（H 或 P 加 11 位数字），且须登记在本业务系统编码之下。"},
    {500319, "请参保人打开渠道应用后重新发起一次；仍失败则换渠道应用重新展码；或改用" OFFLINE "。"},
    {500321, "请参保人改用国家医保服务平台 APP 等支持结算的渠道应用重新展码；或改用" OFFLINE "。"},
};

const char *const KIT_INSTEAD = INSTEAD, *const KIT_RENOTIFY = RENOTIFY;
const char *const KIT_IDENTIFY = "请核实持码人身份，未核实前不得结算；核实为本人的，采用" OFFLINE "。";

static const char *next_step(int code) {
    size_t at;
    for (at = 0; at < sizeof NEXT / sizeof *NEXT; at++)
        if (NEXT[at].code == code) return NEXT[at].next;
    return INSTEAD;
}

/* ---- 附二：JSON。只读对象的成员；重复的应答谁也说不清，所以拒绝 ---- */

/* 每个成员：名称，值的原文 */
typedef int (*json_visitor)(void *context, const char *name, const char *value, size_t length);

static const char *json_space(const char *p) {
    return p + strspn(p, " \t\r\n");
}

/* 引号起、引号止；out 不为 NULL 则去掉转义写入，放不下与不合规范的为 NULL */
static const char *json_string(const char *p, char *out, size_t size) {
    static const char marks[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    unsigned unit, low;
    if (*p++ != '"') return NULL;
    while (*p != '"') {
        char some[5] = {*p, 0, 0, 0, 0};
        const char *mark;
        if ((unsigned char)*p < ' ') return NULL;
        if (*p++ == '\\') {
            mark = *p ? strchr(marks, *p) : NULL;
            if (mark) {
                some[0] = meant[mark - marks];
                p++;
            } else {
                if (*p++ != 'u' || strspn(p, "0123456789abcdefABCDEF") < 4) return NULL;
                sscanf(p, "%4x", &unit);
                p += 4;
                if (unit >> 10 == 0x36) { /* 代理字符要成对 */
                    if (p[0] != '\\' || p[1] != 'u' || strspn(p + 2, "0123456789abcdefABCDEF") < 4) return NULL;
                    sscanf(p + 2, "%4x", &low);
                    if (low >> 10 != 0x37) return NULL;
                    unit = 0x10000 + ((unit & 0x3FF) << 10 | (low & 0x3FF));
                    p += 6;
                } else if (unit >> 10 == 0x37 || unit == 0) {
                    return NULL;
                }
                if (unit < 0x80) {
                    some[0] = (char)unit;
                } else if (unit < 0x800) {
                    some[0] = (char)(0xC0 | unit >> 6), some[1] = (char)(0x80 | (unit & 63));
                } else if (unit < 0x10000) {
                    some[0] = (char)(0xE0 | unit >> 12), some[1] = (char)(0x80 | (unit >> 6 & 63)), some[2] = (char)(0x80 | (unit & 63));
                } else {
                    some[0] = (char)(0xF0 | unit >> 18), some[1] = (char)(0x80 | (unit >> 12 & 63));
                    some[2] = (char)(0x80 | (unit >> 6 & 63)), some[3] = (char)(0x80 | (unit & 63));
                }
            }
        }
        if (out) {
            if (strlen(some) >= size) return NULL;
            strcpy(out, some);
            size -= strlen(some);
            out += strlen(some);
        }
    }
    if (out) *out = 0;
    return p + 1;
}

static const char *json_object(const char *p, int depth, json_visitor visit, void *context);

static const char *json_value(const char *p, int depth) {
    static const char *const words[] = {"true", "false", "null"};
    int at;
    if (depth > 30) return NULL;
    if (*p == '"') return json_string(p, NULL, 0);
    if (*p == '{') return json_object(p, depth + 1, NULL, NULL);
    if (*p == '[') {
        p = json_space(p + 1);
        if (*p == ']') return p + 1;
        for (;; p = json_space(p + 1)) {
            p = json_value(p, depth + 1);
            if (!p) return NULL;
            p = json_space(p);
            if (*p == ']') return p + 1;
            if (*p != ',') return NULL;
        }
    }
    for (at = 0; at < 3; at++)
        if (!strncmp(p, words[at], strlen(words[at]))) return p + strlen(words[at]);
    p += *p == '-';
    at = (int)strspn(p, "0123456789");
    if (at == 0 || (*p == '0' && at > 1)) return NULL;
    p += at;
    if (*p == '.') {
        at = (int)strspn(p + 1, "0123456789");
        if (at == 0) return NULL;
        p += at + 1;
    }
    if (*p == 'e' || *p == 'E') {
        p += 1 + (p[1] == '+' || p[1] == '-');
        at = (int)strspn(p, "0123456789");
        if (at == 0) return NULL;
        p += at;
    }
    return p;
}

static const char *json_object(const char *p, int depth, json_visitor visit, void *context) {
    char name[256];
    const char *value;
    if (*p != '{') return NULL;
    p = json_space(p + 1);
    if (*p == '}') return p + 1;
    for (;; p = json_space(p + 1)) {
        p = json_string(p, name, sizeof name);
        if (!p) return NULL;
        p = json_space(p);
        if (*p != ':') return NULL;
        value = json_space(p + 1);
        p = json_value(value, depth);
        if (!p || (visit && visit(context, name, value, (size_t)(p - value)))) return NULL;
        p = json_space(p);
        if (*p == '}') return p + 1;
        if (*p != ',') return NULL;
    }
}

struct json_search {
    const char *name, *value;
    size_t length;
};

static int json_seek(void *context, const char *name, const char *value, size_t length) {
    struct json_search *search = context;
    if (strcmp(search->name, name)) return 0;
    if (search->value) return 1; /* 第二次出现 */
    search->value = value, search->length = length;
    return 0;
}

/* 一个成员：字符串去掉引号，其余为原文（内层对象可再读一次）。返回长度；没有、为 null 的为 -1；不是对象、重复、放不下的为 -2 */
static int json_get(const char *text, const char *name, char *out, size_t size) {
    struct json_search search = {name, NULL, 0};
    const char *end = json_object(json_space(text), 0, json_seek, &search);
    if (!end || *json_space(end)) return -2;
    if (!search.value || !strncmp(search.value, "null", 4)) return -1;
    if (*search.value == '"') return json_string(search.value, out, size) ? (int)strlen(out) : -2;
    if (search.length >= size) return -2;
    memcpy(out, search.value, search.length);
    out[search.length] = 0;
    return (int)search.length;
}

static int json_is_object(const char *text) {
    const char *end = json_object(json_space(text), 0, NULL, NULL);
    return end && !*json_space(end);
}

static int json_quoted(const char *text, char *out, size_t size) {
    size_t at = 0;
    if (size < 2 * strlen(text) + 3) return -1;
    out[at++] = '"';
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') out[at++] = '\\';
        out[at++] = (unsigned char)*text < ' ' ? ' ' : *text;
    }
    out[at++] = '"';
    out[at] = 0;
    return 0;
}

/* 过长的写法、代理字符、越界的都不算 */
static int is_utf8(const char *text) {
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    const uint8_t *p = (const uint8_t *)text;
    while (*p) {
        int more = *p < 0x80 ? 0 : *p >> 5 == 6 ? 1 : *p >> 4 == 14 ? 2 : *p >> 3 == 30 ? 3 : -1, at;
        uint32_t unit = more > 0 ? *p & (0x3F >> more) : *p;
        if (more < 0) return 0;
        for (at = 1; at <= more; at++) {
            if (p[at] >> 6 != 2) return 0;
            unit = unit << 6 | (p[at] & 63);
        }
        if (unit < least[more] || unit >> 11 == 27 || unit > 0x10FFFF) return 0;
        p += more + 1;
    }
    return 1;
}

static void hex(const uint8_t *data, size_t length, char *out) {
    size_t at;
    for (at = 0; at < length; at++) sprintf(out + 2 * at, "%02X", data[at]);
}

/* 字节数；有不是十六进制的为 -1 */
static int unhex(const char *digits, uint8_t *out) {
    size_t length = strlen(digits), at;
    unsigned byte;
    if (strspn(digits, "0123456789abcdefABCDEF") != length) return -1;
    for (at = 0; at < length / 2; at++) {
        sscanf(digits + 2 * at, "%2x", &byte);
        out[at] = (uint8_t)byte;
    }
    return (int)(length / 2);
}

/* ---- 附三：SM4（GB/T 32907）与 SM3（GB/T 32905） ---- */

static const uint8_t SBOX[256] = {
    0xd6, 0x90, 0xe9, 0xfe, 0xcc, 0xe1, 0x3d, 0xb7, 0x16, 0xb6, 0x14, 0xc2, 0x28, 0xfb, 0x2c, 0x05,
    0x2b, 0x67, 0x9a, 0x76, 0x2a, 0xbe, 0x04, 0xc3, 0xaa, 0x44, 0x13, 0x26, 0x49, 0x86, 0x06, 0x99,
    0x9c, 0x42, 0x50, 0xf4, 0x91, 0xef, 0x98, 0x7a, 0x33, 0x54, 0x0b, 0x43, 0xed, 0xcf, 0xac, 0x62,
    0xe4, 0xb3, 0x1c, 0xa9, 0xc9, 0x08, 0xe8, 0x95, 0x80, 0xdf, 0x94, 0xfa, 0x75, 0x8f, 0x3f, 0xa6,
    0x47, 0x07, 0xa7, 0xfc, 0xf3, 0x73, 0x17, 0xba, 0x83, 0x59, 0x3c, 0x19, 0xe6, 0x85, 0x4f, 0xa8,
    0x68, 0x6b, 0x81, 0xb2, 0x71, 0x64, 0xda, 0x8b, 0xf8, 0xeb, 0x0f, 0x4b, 0x70, 0x56, 0x9d, 0x35,
    0x1e, 0x24, 0x0e, 0x5e, 0x63, 0x58, 0xd1, 0xa2, 0x25, 0x22, 0x7c, 0x3b, 0x01, 0x21, 0x78, 0x87,
    0xd4, 0x00, 0x46, 0x57, 0x9f, 0xd3, 0x27, 0x52, 0x4c, 0x36, 0x02, 0xe7, 0xa0, 0xc4, 0xc8, 0x9e,
    0xea, 0xbf, 0x8a, 0xd2, 0x40, 0xc7, 0x38, 0xb5, 0xa3, 0xf7, 0xf2, 0xce, 0xf9, 0x61, 0x15, 0xa1,
    0xe0, 0xae, 0x5d, 0xa4, 0x9b, 0x34, 0x1a, 0x55, 0xad, 0x93, 0x32, 0x30, 0xf5, 0x8c, 0xb1, 0xe3,
    0x1d, 0xf6, 0xe2, 0x2e, 0x82, 0x66, 0xca, 0x60, 0xc0, 0x29, 0x23, 0xab, 0x0d, 0x53, 0x4e, 0x6f,
    0xd5, 0xdb, 0x37, 0x45, 0xde, 0xfd, 0x8e, 0x2f, 0x03, 0xff, 0x6a, 0x72, 0x6d, 0x6c, 0x5b, 0x51,
    0x8d, 0x1b, 0xaf, 0x92, 0xbb, 0xdd, 0xbc, 0x7f, 0x11, 0xd9, 0x5c, 0x41, 0x1f, 0x10, 0x5a, 0xd8,
    0x0a, 0xc1, 0x31, 0x88, 0xa5, 0xcd, 0x7b, 0xbd, 0x2d, 0x74, 0xd0, 0x12, 0xb8, 0xe5, 0xb4, 0xb0,
    0x89, 0x69, 0x97, 0x4a, 0x0c, 0x96, 0x77, 0x7e, 0x65, 0xb9, 0xf1, 0x09, 0xc5, 0x6e, 0xc6, 0x84,
    0x18, 0xf0, 0x7d, 0xec, 0x3a, 0xdc, 0x4d, 0x20, 0x79, 0xee, 0x5f, 0x3e, 0xd7, 0xcb, 0x39, 0x48,
};

static uint32_t rotate(uint32_t value, int count) {
    return value << (count & 31) | value >> ((32 - count) & 31);
}

static uint32_t word(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put(uint32_t value, uint8_t *p) {
    p[0] = (uint8_t)(value >> 24), p[1] = (uint8_t)(value >> 16), p[2] = (uint8_t)(value >> 8), p[3] = (uint8_t)value;
}

static uint32_t substituted(uint32_t value) {
    return (uint32_t)SBOX[value >> 24] << 24 | (uint32_t)SBOX[value >> 16 & 255] << 16 | (uint32_t)SBOX[value >> 8 & 255] << 8 | SBOX[value & 255];
}

static void sm4_keys(const uint8_t key[16], uint32_t keys[32]) {
    static const uint32_t system[4] = {0xA3B1BAC6, 0x56AA3350, 0x677D9197, 0xB27022DC};
    uint32_t words[36], constant, mixed;
    int turn, at;
    for (at = 0; at < 4; at++) words[at] = word(key + 4 * at) ^ system[at];
    for (turn = 0; turn < 32; turn++) {
        for (constant = 0, at = 0; at < 4; at++) constant = constant << 8 | (uint32_t)((4 * turn + at) * 7 & 255);
        mixed = substituted(words[turn + 1] ^ words[turn + 2] ^ words[turn + 3] ^ constant);
        words[turn + 4] = keys[turn] = words[turn] ^ mixed ^ rotate(mixed, 13) ^ rotate(mixed, 23);
    }
}

/* 逐块（ECB），就地；把轮密钥倒过来用就是解密 */
static void sm4(const uint32_t keys[32], int backwards, uint8_t *data, size_t length) {
    for (; length >= 16; length -= 16, data += 16) {
        uint32_t a = word(data), b = word(data + 4), c = word(data + 8), d = word(data + 12);
        int turn;
        for (turn = 0; turn < 32; turn++) {
            uint32_t mixed = substituted(b ^ c ^ d ^ keys[backwards ? 31 - turn : turn]);
            mixed = a ^ mixed ^ rotate(mixed, 2) ^ rotate(mixed, 10) ^ rotate(mixed, 18) ^ rotate(mixed, 24);
            a = b, b = c, c = d, d = mixed;
        }
        put(d, data), put(c, data + 4), put(b, data + 8), put(a, data + 12);
    }
}

static void sm3(const uint8_t *message, size_t length, uint8_t out[32]) {
    uint32_t state[8] = {0x7380166F, 0x4914B2B9, 0x172442D7, 0xDA8A0600, 0xA96F30BC, 0x163138AA, 0xE38DEE4D, 0xB0FB0E4E};
    size_t size = (length + 72) / 64 * 64, at;
    uint8_t *data = calloc(size, 1);
    int j;
    if (!data) abort();
    memcpy(data, message, length);
    data[length] = 0x80;
    put((uint32_t)(length * 8), data + size - 4);
    for (at = 0; at < size; at += 64) {
        uint32_t w[68], v[8];
        for (j = 0; j < 16; j++) w[j] = word(data + at + 4 * j);
        for (j = 16; j < 68; j++) {
            uint32_t x = w[j - 16] ^ w[j - 9] ^ rotate(w[j - 3], 15);
            w[j] = x ^ rotate(x, 15) ^ rotate(x, 23) ^ rotate(w[j - 13], 7) ^ w[j - 6];
        }
        memcpy(v, state, sizeof v);
        for (j = 0; j < 64; j++) {
            uint32_t turned = rotate(v[0], 12), one = rotate(turned + v[4] + rotate(j < 16 ? 0x79CC4519 : 0x7A879D8A, j), 7);
            uint32_t ff = j < 16 ? v[0] ^ v[1] ^ v[2] : (v[0] & v[1]) | (v[0] & v[2]) | (v[1] & v[2]);
            uint32_t gg = j < 16 ? v[4] ^ v[5] ^ v[6] : (v[4] & v[5]) | (~v[4] & v[6]);
            uint32_t first = ff + v[3] + (one ^ turned) + (w[j] ^ w[j + 4]), second = gg + v[7] + one + w[j];
            v[3] = v[2], v[2] = rotate(v[1], 9), v[1] = v[0], v[0] = first;
            v[7] = v[6], v[6] = rotate(v[5], 19), v[5] = v[4], v[4] = second ^ rotate(second, 9) ^ rotate(second, 17);
        }
        for (j = 0; j < 8; j++) state[j] ^= v[j];
    }
    for (j = 0; j < 8; j++) put(state[j], out + 4 * j);
    free(data);
}

/* 这里的密钥都不超过 64 字节；out 可以就是 key */
static void hmac(const uint8_t *key, size_t key_length, const uint8_t *data, size_t length, uint8_t out[32]) {
    uint8_t *inner = calloc(64 + length, 1), outer[96] = {0};
    int at;
    if (!inner) abort();
    memcpy(inner, key, key_length);
    memcpy(outer, key, key_length);
    for (at = 0; at < 64; at++) inner[at] ^= 0x36, outer[at] ^= 0x5C;
    memcpy(inner + 64, data, length);
    sm3(inner, 64 + length, outer + 64);
    sm3(outer, 96, out);
    free(inner);
}

/* ---- 四、命令行 ---- */
#ifdef KIT_MAIN

static const char *const DECISIONS[] = {"settle", "wait", "refuse", "offline"};
static const int RETURNS[] = {0, 0, 1, 2};

/* 一行提示 */
static void tell(const struct kit_judgment *said) {
    printf("%s。%s", said->why, said->next);
    if (said->seconds) printf("（%d 秒之后再发）", said->seconds);
    putchar('\n');
    fflush(stdout);
}

/* 一个收费窗口：每行一个操作，各答一行“返回值 提示” */
static int window(struct kit_center *center) {
    char line[256], what[16], value[64];
    struct kit_visit visit;
    struct kit_judgment said;
    kit_begin(&visit, "");
    while (fgets(line, sizeof line, stdin)) {
        *value = *what = 0;
        sscanf(line, "%15s %63s", what, value);
        said = judgment(KIT_WAIT, "0", "已登记", "");
        if (!strcmp(what, "scan") || !strcmp(what, "token")) kit_begin(&visit, value);
        else if (!strcmp(what, "notice")) said = kit_visit_notify(center, &visit, value);
        else if (!strcmp(what, "status")) said = kit_status(center, visit.token, visit.notices);
        else said = kit_visit_settle(center, &visit, value);
        printf("%d ", RETURNS[said.decision]);
        tell(&said);
    }
    return 0;
}

static int show(const char *step, struct kit_judgment said, enum kit_decision expected) {
    printf("%s：", step);
    tell(&said);
    if (said.decision != expected) printf("应为 %s，得到 %s\n", DECISIONS[expected], DECISIONS[said.decision]);
    return said.decision != expected;
}

/* 走一遍：通知之前不结算，确认之前不结算，确认之后结算，金额变大不结算 */
static int journey(struct kit_center *center, const char *token, const char *confirm) {
    struct kit_visit visit;
    char kcv[7];
    kit_begin(&visit, token);
    kit_kcv(center->key_bytes, kcv);
    printf("密钥校验值：%s\n", kcv);
    if (show("通知之前", kit_visit_settle(center, &visit, "128.50"), KIT_REFUSE) ||
        show("通知", kit_visit_notify(center, &visit, "128.50"), KIT_WAIT) ||
        show("确认之前", kit_visit_settle(center, &visit, "128.50"), KIT_REFUSE) || system(confirm) != 0 ||
        show("确认之后", kit_visit_settle(center, &visit, "128.50"), KIT_SETTLE) ||
        show("金额变大", kit_visit_settle(center, &visit, "128.51"), KIT_REFUSE)) return 1;
    puts("可以结算");
    return 0;
}

enum { ROOM = 16384 }; /* 一个向量的一个成员 */

static int vector(void *context, const char *name, const char *value, size_t length) {
    static const char *const names[] = {"do", "plain", "encData", "path", "orgId", "version", "reqtType", "timestamp", "request",
                                        "code", "message", "call", "macRequired", "http", "retryAfter", "body", "notices", "password", "result", "key"};
    static char v[20][ROOM], got[ROOM];
    char *row = malloc(length + 1);
    uint8_t key[16] = {0};
    int at, have[20], failed;
    if (!row) return 1;
    memcpy(row, value, length);
    row[length] = 0;
    for (at = 0; at < 20; at++) {
        have[at] = json_get(row, names[at], v[at], ROOM) >= 0;
        if (!have[at]) v[at][0] = 0;
    }
    free(row);
    if (have[19] && kit_key(v[19], key)) return 1;
    if (!strcmp(v[0], "seal")) kit_seal(key, v[1], got, ROOM);
    else if (!strcmp(v[0], "unseal")) { if ((failed = kit_unseal(key, v[2], got)) != 0) sprintf(got, "%d", failed); }
    else if (!strcmp(v[0], "kcv")) kit_kcv(key, got);
    else if (!strcmp(v[0], "digest")) kit_password_digest(v[17], got);
    else if (!strcmp(v[0], "requestMac")) kit_request_mac(key, v[3], v[4], v[5], v[6], v[7], v[2], got);
    else if (!strcmp(v[0], "answerMac")) kit_answer_mac(key, v[8], atoi(v[9]), v[10], v[2], got);
    else {
        struct kit_judgment said = kit_judge(!strcmp(v[11], "notice"), key, have[8] ? v[8] : NULL, *v[12] == '1', atoi(v[13]),
                                             have[14] ? v[14] : NULL, v[15], atoi(v[16]));
        sprintf(got, "%s|%s|%d|%s", DECISIONS[said.decision], said.code, said.seconds, said.next);
    }
    ++*(int *)context;
    failed = strcmp(got, v[18]) != 0;
    if (failed) fprintf(stderr, "不符：%s\n  应为 %s\n  得到 %s\n", name, v[18], got);
    return failed;
}

static int vectors(const char *file) {
    char *text = malloc(1 << 20);
    FILE *in = fopen(file, "rb");
    int count = 0, failed = 1;
    if (text && in) {
        text[fread(text, 1, (1 << 20) - 1, in)] = 0;
        failed = !json_object(json_space(text), 0, vector, &count);
    }
    if (!failed) printf("%d 个向量全部相符\n", count);
    if (in) fclose(in);
    return free(text), failed;
}

int main(int argc, char **argv) {
    struct kit_center center;
    const char *wrong;
    if (argc == 3 && !strcmp(argv[1], "vectors")) return vectors(argv[2]);
    if ((argc != 3 && argc != 5) || strcmp(argv[1], "settle")) return fprintf(stderr, "用法见本文件开头\n"), 1;
    wrong = kit_open(&center, argv[2]);
    if (wrong) return fprintf(stderr, "%s\n", wrong), 1;
    return argc == 3 ? window(&center) : journey(&center, argv[3], argv[4]);
}
#endif
