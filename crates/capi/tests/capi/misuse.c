/* Everything a program can hand in wrongly, through the real shared object. Run under valgrind by misuse.rs.
 * Arguments: a good configuration, the same in GBK without escapes, one with %d in the name of its file. Each line printed is a check that failed. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "yanmi.h"

#define THREADS 32
#define MEBIBYTE (1024 * 1024)

static int failures = 0;
static const char *good;

#define CHECK(condition) \
    do { if (!(condition)) { printf("line %d: %s\n", __LINE__, #condition); failures++; } } while (0)

/* The last call's words are there, and are of this number. */
static int says(int code) {
    char line[1024] = "";
    return yanmi_message(0, line, sizeof line, NULL) == code && line[0] != 0;
}

static void null_pointers(int32_t desk) {
    char visit[33], out[2048];
    CHECK(yanmi_open(NULL, &desk) == YANMI_E_NULL && desk == 0 && says(YANMI_E_NULL));
    CHECK(yanmi_open(good, NULL) == YANMI_E_NULL);
    CHECK(yanmi_open(good, &desk) == YANMI_OK);
    CHECK(yanmi_scan(desk, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL) == YANMI_E_NULL);
    CHECK(yanmi_begin(desk, 0, NULL, NULL, NULL, visit, out, sizeof out, NULL) == YANMI_E_STEP && visit[0] == 0);
    CHECK(yanmi_switch_token(desk, NULL, NULL, NULL, 0, NULL) == YANMI_E_NULL);
    CHECK(yanmi_notify(desk, NULL, NULL, NULL, 0, NULL) == YANMI_E_NULL);
    CHECK(yanmi_status(desk, NULL, 0, NULL, 0, NULL) == YANMI_E_NULL);
    CHECK(yanmi_gate(desk, NULL, NULL, NULL, NULL, 0, NULL) == YANMI_E_NULL);
    CHECK(yanmi_record_offline(desk, NULL, 1, 0, NULL, NULL, NULL, NULL, 0, NULL) == YANMI_E_NULL);
    CHECK(yanmi_verify_offline(desk, NULL, 3, NULL, NULL, 0, NULL) == YANMI_E_NULL);
    CHECK(yanmi_visit(desk, NULL, NULL, 0, NULL) == YANMI_E_NULL);
    CHECK(yanmi_find(desk, NULL, NULL, NULL, 0, NULL) == YANMI_E_NULL);
    CHECK(yanmi_kcv(desk, NULL, 0, NULL) == YANMI_OK);
    CHECK(yanmi_kcv(desk, NULL, 100, NULL) == YANMI_E_NULL);
    CHECK(yanmi_kcv(desk, out, -1, NULL) == YANMI_E_ARGUMENT);
    CHECK(yanmi_message(7, out, sizeof out, NULL) == YANMI_E_ARGUMENT);
    CHECK(strcmp(YanmiTrans(NULL, NULL, NULL), "9001") == 0);
    CHECK(strcmp(YanmiTrans(good, NULL, out), "9001") == 0 && strstr(out, "\"code\":9001"));
    CHECK(strcmp(YanmiTransEx(good, "{}", NULL, 10, NULL), "9001") == 0);
    CHECK(yanmi_close(desk) == YANMI_OK);
}

static void long_and_strange_texts(int32_t desk, int32_t gbk) {
    char *big = malloc(MEBIBYTE + 1);
    char out[2048];
    static const char *strange[] = {"\xFF", "\xBD", "\x81\x20", "\xE7\xBB", "\xC0\x80"};
    memset(big, 'a', MEBIBYTE);
    big[MEBIBYTE] = 0;
    CHECK(yanmi_open(big, &desk) == YANMI_E_TOO_LONG && desk == 0);
    CHECK(yanmi_open(good, &desk) == YANMI_OK);
    CHECK(yanmi_scan(desk, big, big, big, big, big, big, big, NULL, out, sizeof out, NULL) == YANMI_E_TOO_LONG);
    CHECK(yanmi_notify(desk, big, big, out, sizeof out, NULL) == YANMI_E_TOO_LONG && says(YANMI_E_TOO_LONG));
    CHECK(strcmp(YanmiTrans(good, big, out), "9002") == 0);
    CHECK(strcmp(YanmiTrans(big, "{}", out), "9002") == 0);
    /* One byte less than too long is only wrong. */
    big[YANMI_MAX_INPUT] = 0;
    CHECK(yanmi_notify(desk, big, "1", out, sizeof out, NULL) == YANMI_E_ARGUMENT);
    for (size_t at = 0; at < sizeof strange / sizeof *strange; at++) {
        CHECK(yanmi_find(desk, strange[at], NULL, out, sizeof out, NULL) == YANMI_E_ENCODING);
        CHECK(strcmp(YanmiTrans(good, strange[at], out), "9003") == 0 && strstr(out, "\"code\":9003"));
    }
    for (size_t at = 0; at < 3; at++)
        CHECK(yanmi_find(gbk, strange[at], NULL, out, sizeof out, NULL) == YANMI_E_ENCODING);
    CHECK(yanmi_close(desk) == YANMI_OK);
    free(big);
}

static void wrong_values(int32_t desk) {
    char visit[33], out[2048];
    static const char *requests[] = {"", "{", "[]", "null", "{}", "{\"transType\":1}", "{\"transType\":\"x\"}",
        "[\"yanmi.kcv\"]", "{\"transType\":\"yanmi.kcv\",\"data\":[1]}", "{\"transType\":\"yanmi.find\",\"data\":{\"reference\":{}}}",
        "{\"transType\":\"yanmi.kcv\",\"transType\":\"yanmi.close\"}", "{\"transType\":\"yanmi.kcv\",\"data\":{},\"data\":{}}",
        "{\"transType\":\"yanmi.recordOffline\",\"data\":{\"outcome\":1,\"out\\u0063ome\":0}}"};
    static const char *configs[] = {"", "{", "a =\nb", "/nowhere/yanmi.toml", "{\"key\":\"0123456789012345678901234567890\"}"};
    CHECK(yanmi_begin(desk, 9, NULL, NULL, NULL, visit, out, sizeof out, NULL) == YANMI_E_ARGUMENT);
    CHECK(yanmi_begin(desk, 1, NULL, NULL, "R", visit, out, sizeof out, NULL) == YANMI_OK && strlen(visit) == 32);
    CHECK(yanmi_notify(desk, visit, "1", out, sizeof out, NULL) == YANMI_E_STEP);
    CHECK(yanmi_gate(desk, visit, "9999", "1", out, sizeof out, NULL) == YANMI_E_ARGUMENT);
    CHECK(yanmi_gate(desk, visit, "2207", "1.005", out, sizeof out, NULL) == YANMI_E_ARGUMENT);
    CHECK(yanmi_gate(desk, visit, "2207", "-1", out, sizeof out, NULL) == YANMI_E_ARGUMENT);
    CHECK(yanmi_status(desk, visit, 31, out, sizeof out, NULL) == YANMI_E_ARGUMENT);
    CHECK(yanmi_status(desk, visit, -1, out, sizeof out, NULL) == YANMI_E_ARGUMENT);
    CHECK(yanmi_record_offline(desk, visit, 0, 0, NULL, NULL, NULL, out, sizeof out, NULL) == YANMI_E_ARGUMENT);
    CHECK(yanmi_record_offline(desk, visit, 2, 3, NULL, NULL, NULL, out, sizeof out, NULL) == YANMI_E_ARGUMENT);
    CHECK(yanmi_verify_offline(desk, visit, 3, "12345", out, sizeof out, NULL) == YANMI_E_ARGUMENT);
    CHECK(yanmi_verify_offline(desk, visit, 3, "123456", out, sizeof out, NULL) == YANMI_E_NO_PORT);
    CHECK(strstr(out, "123456") == NULL);
    CHECK(yanmi_visit(desk, "00000000000000000000000000000000", out, sizeof out, NULL) == YANMI_E_NO_VISIT);
    CHECK(yanmi_find(desk, "nobody", visit, out, sizeof out, NULL) == YANMI_E_NO_VISIT && visit[0] == 0);
    for (size_t at = 0; at < sizeof requests / sizeof *requests; at++) {
        CHECK(strcmp(YanmiTrans(good, requests[at], out), "9008") == 0);
        CHECK(out[0] == '{' && out[strlen(out) - 1] == '}');
    }
    for (size_t at = 0; at < sizeof configs / sizeof *configs; at++) {
        CHECK(yanmi_open(configs[at], &desk) == YANMI_E_CONFIG && desk == 0 && says(YANMI_E_CONFIG));
        CHECK(strcmp(YanmiTrans(configs[at], "{}", out), "9005") == 0);
    }
    CHECK(strcmp(YanmiTrans("http://127.0.0.1:1", "{}", out), "9005") == 0);
}

/* Whatever the size, what is written is whole, ends in NUL, and is within the size. */
static void small_buffers(int32_t desk, int32_t gbk) {
    char visit[33], out[600], whole[600];
    int32_t needed = 0;
    CHECK(yanmi_begin(gbk, 2, NULL, NULL, "\xBD\xE1\xCB\xE3", visit, whole, sizeof whole, &needed) == YANMI_OK);
    CHECK((size_t)needed == strlen(whole) + 1 && strstr(whole, "\"reference\":\"\xBD\xE1\xCB\xE3\""));
    for (int32_t size = 0; size < needed; size++) {
        int32_t told = 0;
        memset(out, '#', sizeof out);
        CHECK(yanmi_visit(desk, visit, out, size, &told) == YANMI_E_BUFFER);
        CHECK(told > size);
        for (size_t at = (size_t)size; at < sizeof out; at++) CHECK(out[at] == '#');
        if (size > 0) CHECK(memchr(out, 0, (size_t)size) != NULL && (out[0] == 0 || out[strlen(out) - 1] == '}'));
    }
    CHECK(yanmi_message(0, out, 3, &needed) == YANMI_E_BUFFER && out[0] == 0 && needed > 3);
}

static void dead_handles(int32_t desk) {
    char out[256];
    int32_t dead[] = {0, -1, 1, 255, 2147483647, desk + 1, desk + 256, 0};
    CHECK(yanmi_open(good, &dead[7]) == YANMI_OK && yanmi_close(dead[7]) == YANMI_OK);
    for (size_t at = 0; at < sizeof dead / sizeof *dead; at++) {
        CHECK(yanmi_close(dead[at]) == YANMI_E_HANDLE && says(YANMI_E_HANDLE));
        CHECK(yanmi_kcv(dead[at], out, sizeof out, NULL) == YANMI_E_HANDLE && strstr(out, "\"code\":9004"));
        CHECK(yanmi_gate(dead[at], "x", "2207", "1", NULL, 0, NULL) == YANMI_E_HANDLE);
    }
}

struct work {
    int32_t desk;
    char config[1024];
};

/* The drop-in call is told no size: it writes a thousand bytes, or what the configuration says, and the step is done either way. */
static void room_of_the_drop_in(const char *narrow) {
    static const char *begin = "{\"transType\":\"yanmi.begin\",\"data\":{\"medium\":1,\"reference\":"
        "\"门诊收费处二号窗口第一百二十三次结算\"}}";
    char *usual = malloc(1000), *small = malloc(256);
    CHECK(strcmp(YanmiTrans(good, begin, usual), "0000") == 0 && usual[strlen(usual) - 1] == '}');
    CHECK(strcmp(YanmiTrans(narrow, begin, small), "9006") == 0 && strlen(small) < 256);
    CHECK(strstr(small, "needed") != NULL && small[strlen(small) - 1] == '}');
    /* Asked with more room, it tells of the visit that was begun. */
    CHECK(strcmp(YanmiTransEx(narrow, "{\"transType\":\"yanmi.find\",\"data\":{\"reference\":"
        "\"门诊收费处二号窗口第一百二十三次结算\"}}", usual, 1000, NULL), "0000") == 0);
    CHECK(strcmp(YanmiTrans(narrow, "{\"transType\":\"yanmi.close\"}", small), "0000") == 0);
    free(usual);
    free(small);
}

/* Every thread works on the shared handle and on one of its own, while others close theirs. */
static void *busy(void *of) {
    struct work *work = of;
    int32_t desk = work->desk, own = 0;
    char visit[33], out[2048];
    long wrong = 0;
#define WELL(condition) \
    do { if (!(condition)) { yanmi_message(0, out, sizeof out, NULL); printf("%s: %s\n", #condition, out); wrong++; } } while (0)
    for (int round = 0; round < 3; round++) {
        WELL(yanmi_open(work->config, &own) == YANMI_OK);
        WELL(yanmi_begin(desk, 1, NULL, NULL, NULL, visit, out, sizeof out, NULL) == YANMI_OK);
        WELL(yanmi_record_offline(desk, visit, 2, 0, "S1", NULL, NULL, out, sizeof out, NULL) == YANMI_OK);
        WELL(yanmi_gate(desk, visit, "2207", "1", out, sizeof out, NULL) == YANMI_OK);
        WELL(yanmi_gate(own, visit, "2207", "1", out, sizeof out, NULL) == YANMI_E_NO_VISIT);
        WELL(strcmp(YanmiTrans(good, "{\"transType\":\"yanmi.kcv\"}", out), "0000") == 0);
        WELL(yanmi_close(own) == YANMI_OK);
        WELL(yanmi_gate(own, visit, "2207", "1", NULL, 0, NULL) == YANMI_E_HANDLE);
    }
    return (void *)wrong;
}

int main(int argc, char **argv) {
    int32_t desk = 0, gbk = 0;
    pthread_t threads[THREADS];
    struct work works[THREADS];
    if (argc < 5) return 2;
    good = argv[1];
    null_pointers(0);
    CHECK(yanmi_open(good, &desk) == YANMI_OK && desk > 0);
    CHECK(yanmi_open(argv[2], &gbk) == YANMI_OK && gbk != desk);
    long_and_strange_texts(0, gbk);
    wrong_values(desk);
    small_buffers(desk, gbk);
    dead_handles(gbk);
    room_of_the_drop_in(argv[4]);
    for (int at = 0; at < THREADS; at++) {
        works[at].desk = desk;
        snprintf(works[at].config, sizeof works[at].config, argv[3], at);
        CHECK(pthread_create(&threads[at], NULL, busy, &works[at]) == 0);
    }
    for (int at = 0; at < THREADS; at++) {
        void *wrong = NULL;
        CHECK(pthread_join(threads[at], &wrong) == 0 && wrong == NULL);
    }
    CHECK(strcmp(YanmiTrans(good, "{\"transType\":\"yanmi.close\"}", (char[2048]){0}), "0000") == 0);
    CHECK(yanmi_close(desk) == YANMI_OK && yanmi_close(gbk) == YANMI_OK);
    CHECK(yanmi_close(desk) == YANMI_E_HANDLE);
    return failures != 0;
}
