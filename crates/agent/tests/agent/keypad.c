/* A vendor's dynamic library (动态库) that asks the person itself: at the first call the password is wrong, then right. */
#include <stdio.h>

const char *NationEcTrans(const char *url, const char *in, char *out) {
    static int calls = 0;
    (void)url;
    (void)in;
    if (calls++ == 0)
        sprintf(out, "{\"code\":0,\"message\":\"\xC3\xDC\xC2\xEB\xB4\xED\xCE\xF3\",\"data\":{\"checkStas\":\"0\"}}");
    else
        sprintf(out, "{\"code\":0,\"message\":\"\",\"data\":{\"checkStas\":\"1\",\"resBizNo\":\"K%d\"}}", calls);
    return "0000";
}
