/* What every Windows since 8 has and Wine only since 9: random bytes for Rust's library. Debian 12 has Wine 8, so the test
 * puts this beside the program; where Wine has its own, that one is taken. */
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG length);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE buffer, SIZE_T length) {
    return SystemFunction036(buffer, (ULONG)length);
}
