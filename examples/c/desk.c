/* 收费窗口（C）：扫码、通知、等参保人确认、问能否结算。
 * 用法：desk 配置文件 二维码 让参保人确认的命令（真实场景没有第三个参数，参保人自己在手机上确认）
 *       desk 配置文件                       从标准输入逐行接受经办人员的操作（接入验收） */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "yanmi.h"

/* 每次调用之后，取一行中文提示给经办人员看 */
static int show(const char *step, int code) {
    char line[1024];
    yanmi_message(0, line, sizeof line, NULL);
    printf("%s：%d %s\n", step, code, line);
    return code;
}

/* 一个窗口：每行一个操作，各答一行“返回值 提示” */
static int window(int32_t desk) {
    char line[256], message[1024], visit[YANMI_VISIT_SIZE] = "";
    while (fgets(line, sizeof line, stdin)) {
        const char *what = strtok(line, " \n"), *value = strtok(NULL, " \n");
        int code = YANMI_E_ARGUMENT;
        if (!what) continue;
        if (!strcmp(what, "scan")) code = yanmi_begin(desk, 0, value, NULL, NULL, visit, NULL, 0, NULL);
        else if (!strcmp(what, "token")) code = yanmi_switch_token(desk, visit, value, NULL, 0, NULL);
        else if (!strcmp(what, "notice")) code = yanmi_notify(desk, visit, value, NULL, 0, NULL);
        else if (!strcmp(what, "status")) code = yanmi_status(desk, visit, 0, NULL, 0, NULL);
        else if (!strcmp(what, "gate")) code = yanmi_gate(desk, visit, "2207", value, NULL, 0, NULL);
        yanmi_message(0, message, sizeof message, NULL);
        printf("%d %s\n", code, message);
        fflush(stdout);
    }
    return yanmi_close(desk);
}

int main(int argc, char **argv) {
    char visit[YANMI_VISIT_SIZE], out[4096], tiny[64];
    int32_t desk = 0, needed = 0;
    if (argc == 2) return yanmi_open(argv[1], &desk) == YANMI_OK ? window(desk) : 1;
    if (argc < 4) return 2;

    printf("yanmi %s\n", yanmi_version());
    if (show("打开", yanmi_open(argv[1], &desk)) != YANMI_OK) return 1;
    yanmi_kcv(desk, out, sizeof out, NULL);
    printf("密钥校验值：%s\n", out);

    /* 一、扫码解码，登记就诊。最后一个编号是本院自己的，重启后凭它用 yanmi_find 找回 */
    if (show("扫码", yanmi_scan(desk, argv[2], "01301", "001", "经办人", "01", "收费处", "MZ-C-1", visit, out,
                               sizeof out, NULL)) != YANMI_OK) return 1;

    /* 二、没有通知就问闸口：不结算 */
    if (show("闸口", yanmi_gate(desk, visit, "2207", "128.50", NULL, 0, NULL)) == YANMI_OK) return 1;

    /* 三、发起通知。返回 2 时应改用线下方式 */
    if (show("通知", yanmi_notify(desk, visit, "128.50", out, sizeof out, NULL)) != YANMI_OK) return 1;
    if (show("闸口", yanmi_gate(desk, visit, "2207", "128.50", NULL, 0, NULL)) != YANMI_REFUSE) return 1;

    /* 四、参保人确认；界面可用 yanmi_status 等待变化（这里最多等 10 秒） */
    if (system(argv[3]) != 0) return 1;
    if (show("状态", yanmi_status(desk, visit, 10, out, sizeof out, NULL)) != YANMI_OK) return 1;

    /* 五、问闸口：只有返回 0 才可结算 */
    if (show("闸口", yanmi_gate(desk, visit, "2207", "128.50", out, sizeof out, NULL)) != YANMI_OK) return 1;
    printf("依据：%s\n", out);
    if (show("金额变大", yanmi_gate(desk, visit, "2207", "128.51", NULL, 0, NULL)) == YANMI_OK) return 1;

    /* 六、缓冲区太小：不会写半个 JSON，而是告知需要多少字节 */
    if (yanmi_visit(desk, visit, tiny, sizeof tiny, &needed) != YANMI_E_BUFFER) return 1;
    printf("缓冲区太小：%s，需要 %d 字节\n", tiny, (int)needed);

    /* 七、关闭之后再用、再关：都会被发现 */
    if (show("关闭", yanmi_close(desk)) != YANMI_OK) return 1;
    if (show("关闭后再问", yanmi_gate(desk, visit, "2207", "1", NULL, 0, NULL)) != YANMI_E_HANDLE) return 1;
    if (yanmi_close(desk) != YANMI_E_HANDLE) return 1;
    puts("可以结算");
    return 0;
}
