/* A vendor's dynamic library (动态库) with what yanmi-vendor does not do: it answers in GBK or not in JSON at all, and with a
 * status text that nobody should follow. The data are JSON text in a string; the password 123456 is right, others wrong. */
#include <stdio.h>
#include <string.h>

#ifdef _WIN32
#define CALL __declspec(dllexport) __stdcall
#else
#define CALL
#endif

static const char *member(const char *json, const char *name, char *out, size_t size) {
    char key[64];
    size_t at = 0;
    const char *found;
    snprintf(key, sizeof key, "\"%s\":\"", name);
    found = strstr(json, key);
    if (found == NULL) return NULL;
    for (found += strlen(key); *found && *found != '"' && at + 1 < size; found++) out[at++] = *found;
    out[at] = 0;
    return out;
}

const char *CALL NationEcTrans(const char *url, const char *in, char *out) {
    char password[16] = "", token[64] = "", operation[64] = "";
    member(in, "pwd", password, sizeof password);
    member(in, "ecToken", token, sizeof token);
    member(in, "transType", operation, sizeof operation);
    if (strcmp(url, "http://vendor.invalid") != 0 || strcmp(operation, "cn.vendor.pwd") != 0)
        strcpy(out, "{\"code\":500001,\"message\":\"\xB2\xBB\xC8\xCF\xCA\xB6\"}");
    else if (strcmp(password, "000000") == 0)
        strcpy(out, "no JSON at all");
    else
        sprintf(out, "{\"code\":0,\"message\":\"%s\",\"data\":\"{\\\"libDate\\\":\\\"2022040801\\\",\\\"checkStas\\\":\\\"%d\\\",\\\"resBizNo\\\":\\\"V77\\\",\\\"ecToken\\\":\\\"%s\\\"}\"}",
                strcmp(password, "123456") ? "\xC3\xDC\xC2\xEB\xB4\xED\xCE\xF3" : "", !strcmp(password, "123456"), token);
    return (const char *)8;
}
