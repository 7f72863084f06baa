#include <stdint.h>
#define YANMI_CALL
#ifdef __cplusplus
extern "C" {
#endif
const char *yanmi_version(void);
int32_t yanmi_open(const char *config, int32_t *handle_out);
int32_t yanmi_close(int32_t handle);
int32_t yanmi_message(int32_t encoding, char *out, int32_t size, int32_t *needed);
int32_t yanmi_scan(int32_t handle, const char *qr_code, const char *business, const char *operator_id, const char *operator_name, const char *office_id, const char *office_name, const char *reference, char *visit_out, char *out, int32_t size, int32_t *needed);
int32_t yanmi_begin(int32_t handle, int32_t medium, const char *token, const char *insured_place, const char *reference, char *visit_out, char *out, int32_t size, int32_t *needed);
int32_t yanmi_switch_token(int32_t handle, const char *visit, const char *token, char *out, int32_t size, int32_t *needed);
int32_t yanmi_notify(int32_t handle, const char *visit, const char *amount, char *out, int32_t size, int32_t *needed);
int32_t yanmi_status(int32_t handle, const char *visit, int32_t wait_seconds, char *out, int32_t size, int32_t *needed);
int32_t yanmi_gate(int32_t handle, const char *visit, const char *settlement, const char *amount, char *out, int32_t size, int32_t *needed);
int32_t yanmi_record_offline(int32_t handle, const char *visit, int32_t way, int32_t outcome, const char *serial, const char *token, const char *message, char *out, int32_t size, int32_t *needed);
int32_t yanmi_verify_offline(int32_t handle, const char *visit, int32_t way, const char *password, char *out, int32_t size, int32_t *needed);
int32_t yanmi_visit(int32_t handle, const char *visit, char *out, int32_t size, int32_t *needed);
int32_t yanmi_find(int32_t handle, const char *reference, char *visit_out, char *out, int32_t size, int32_t *needed);
int32_t yanmi_kcv(int32_t handle, char *out, int32_t size, int32_t *needed);
const char *YanmiTrans(const char *url_or_config, const char *input, char *out);
const char *YanmiTransEx(const char *url_or_config, const char *input, char *out, int32_t size, int32_t *needed);
#define YANMI_OK 0
#define YANMI_REFUSE 1
#define YANMI_VISIT_SIZE 33
#define YANMI_E_NULL 9001
#define YANMI_E_TOO_LONG 9002
#define YANMI_E_ENCODING 9003
#define YANMI_E_HANDLE 9004
#define YANMI_E_CONFIG 9005
#define YANMI_E_BUFFER 9006
#define YANMI_E_ARGUMENT 9007
#define YANMI_E_REQUEST 9008
#define YANMI_E_VISITS 9009
#define YANMI_E_NO_VISIT 9010
#define YANMI_E_STEP 9011
#define YANMI_E_CENTER 9012
#define YANMI_E_NO_PORT 9013
#define YANMI_E_TOO_MANY 9014
#define YANMI_E_INTERNAL 9015
#ifdef __cplusplus
}
#endif
