/* yanmi.h：医保电子凭证线上密码核验认证，机构一侧。由程序生成，请勿手改。
 *
 * 字符串以 NUL 结尾，编码按配置 [c] encoding（默认 UTF-8，Windows 程序多设 "gbk"）。
 * 输出为一行 JSON：{"code":…,"message":"…","next":"…","data":{…}}，默认只含 ASCII（\uXXXX）。
 * 不要 JSON 的，out 传 NULL、size 传 0。放不下时绝不写半个 JSON：写入放得下的错误 JSON，
 * 返回 YANMI_E_BUFFER，*needed（可为 NULL）为所需字节数（含 NUL）。
 * 所有函数都可在任意线程同时调用。返回 9001 及以上为错误，任何错误都不表示可以结算。 */
#ifndef YANMI_H
#define YANMI_H

#include <stdint.h>

#if defined(_WIN32)
#define YANMI_CALL __stdcall
#else
#define YANMI_CALL
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define YANMI_OK 0          /* 完成；在 yanmi_gate 表示可以结算 */
#define YANMI_REFUSE 1      /* 不结算 */
#define YANMI_FALL_BACK 2   /* 不结算，转线下 */
#define YANMI_E_NULL 9001 /* 必填的指针为 NULL */
#define YANMI_E_TOO_LONG 9002 /* 字符串超过 65,536 字节，或没有以 NUL 结尾 */
#define YANMI_E_ENCODING 9003 /* 字符串不是所设编码（UTF-8 或 GBK） */
#define YANMI_E_HANDLE 9004 /* 句柄无效：从未打开，或已经关闭 */
#define YANMI_E_CONFIG 9005 /* 配置有误，不能使用 */
#define YANMI_E_BUFFER 9006 /* 缓冲区放不下；该步骤已经完成，可换大缓冲区用 yanmi_visit 取回（YanmiTrans 的大小是配置 [c] trans_bytes） */
#define YANMI_E_ARGUMENT 9007 /* 参数的值有误 */
#define YANMI_E_REQUEST 9008 /* 入参 JSON 有误，或 transType 不认识 */
#define YANMI_E_VISITS 9009 /* 就诊记录无法读写 */
#define YANMI_E_NO_VISIT 9010 /* 没有这个就诊记录，或已超过保存时间 */
#define YANMI_E_STEP 9011 /* 本次就诊不允许这一步 */
#define YANMI_E_CENTER 9012 /* 中心没有应答，或拒绝解码 */
#define YANMI_E_NO_PORT 9013 /* 没有接入相应的线下核验设备或动态库 */
#define YANMI_E_TOO_MANY 9014 /* 同时打开的句柄或配置过多 */
#define YANMI_E_INTERNAL 9015 /* 本库内部错误 */

#define YANMI_VISIT_SIZE 33 /* 就诊编号连同 NUL */
#define YANMI_MAX_INPUT 65536 /* 输入字符串的最大字节数 */

/* 本库版本（ASCII）。永不为 NULL，不要释放。 */
const char *YANMI_CALL yanmi_version(void);

/* 打开配置：文件路径；以 { 开头则为 JSON 内容；多行则为 TOML 内容。成功时句柄为正数，用完以 yanmi_close 关闭。 */
int32_t YANMI_CALL yanmi_open(const char *config, int32_t *handle_out);

/* 关闭句柄。重复关闭、关闭后再用都会被发现，返回 9004。 */
int32_t YANMI_CALL yanmi_close(int32_t handle);

/* 本线程上一次调用的一行中文提示（可直接给经办人员看），返回值为上一次调用的返回值。encoding：0 为 UTF-8，1 为 GBK。 */
int32_t YANMI_CALL yanmi_message(int32_t encoding, char *out, int32_t size, int32_t *needed);

/* 扫码：送中心解码并登记就诊。除 qr_code 外都可为 NULL；business 缺省为 01301。就诊编号（32 字符）写入 visit_out，至少 33 字节。 */
int32_t YANMI_CALL yanmi_scan(int32_t handle, const char *qr_code, const char *business, const char *operator_id, const char *operator_name, const char *office_id, const char *office_name, const char *reference, char *visit_out, char *out, int32_t size, int32_t *needed);

/* 登记就诊（读的是其他介质，或已在别处解码）。medium：0 二维码（须给 token），1 身份证，2 社保卡，3 终端刷脸（随后由 yanmi_verify_offline 刷脸，或 yanmi_record_offline 登记带流水号的结果），4 其他。 */
int32_t YANMI_CALL yanmi_begin(int32_t handle, int32_t medium, const char *token, const char *insured_place, const char *reference, char *visit_out, char *out, int32_t size, int32_t *needed);

/* 参保人换渠道应用重新展码：给出新令牌。旧令牌的结果全部作废，请重新通知。 */
int32_t YANMI_CALL yanmi_switch_token(int32_t handle, const char *visit, const char *token, char *out, int32_t size, int32_t *needed);

/* 发起认证通知（1.7.1）。amount 为医疗费总额，单位元，如 "128.50"；可为 NULL。返回 0 表示已通知或免密。 */
int32_t YANMI_CALL yanmi_notify(int32_t handle, const char *visit, const char *amount, char *out, int32_t size, int32_t *needed);

/* 查询状态供界面显示（1.7.2），最多等 wait_seconds 秒（0 至 30）。能否结算只看 yanmi_gate。 */
int32_t YANMI_CALL yanmi_status(int32_t handle, const char *visit, int32_t wait_seconds, char *out, int32_t size, int32_t *needed);

/* 能否结算（1.6.2(9)）：只有返回 0 才可结算；1 不结算；2 转线下。settlement：2102、2207、2304；退费撤销 2103、2208、2305。 */
int32_t YANMI_CALL yanmi_gate(int32_t handle, const char *visit, const char *settlement, const char *amount, char *out, int32_t size, int32_t *needed);

/* 登记自行完成的线下核验。way：1 终端刷脸，2 终端密码，3 动态库密码。outcome：0 通过，1 未通过，2 不可用。通过须给 serial（终端、动态库的流水号）：没有凭据的“通过”不结算，除非配置 bare_claims。 */
int32_t YANMI_CALL yanmi_record_offline(int32_t handle, const char *visit, int32_t way, int32_t outcome, const char *serial, const char *token, const char *message, char *out, int32_t size, int32_t *needed);

/* 由配置 [terminal] 的医保终端（way 为 1、2）或 [library] 的动态库（way 为 3）核验。password 只用于动态库，只能由参保人自己输入；为 NULL 则由动态库弹出输入。 */
int32_t YANMI_CALL yanmi_verify_offline(int32_t handle, const char *visit, int32_t way, const char *password, char *out, int32_t size, int32_t *needed);

/* 取就诊记录及最近一次结算判断。返回 0 只表示取到了，不表示可以结算。 */
int32_t YANMI_CALL yanmi_visit(int32_t handle, const char *visit, char *out, int32_t size, int32_t *needed);

/* 按本院自己的就诊编号取最近一次就诊；程序重启后由此继续。 */
int32_t YANMI_CALL yanmi_find(int32_t handle, const char *reference, char *visit_out, char *out, int32_t size, int32_t *needed);

/* 账号密钥的校验值，与中心核对。 */
int32_t YANMI_CALL yanmi_kcv(int32_t handle, char *out, int32_t size, int32_t *needed);

/* 通用入口：JSON 入、JSON 出，out 至少 1,000 字节（或配置 [c] trans_bytes 所写）。返回状态文本，"0000" 表示调用完成，结论看 out 中的 code。 */
const char *YANMI_CALL YanmiTrans(const char *url_or_config, const char *input, char *out);

/* 同上，另给出 out 的大小。放不下时写入一个放得下的错误 JSON，*needed 为所需字节数。 */
const char *YANMI_CALL YanmiTransEx(const char *url_or_config, const char *input, char *out, int32_t size, int32_t *needed);

#ifdef __cplusplus
}
#endif
#endif
