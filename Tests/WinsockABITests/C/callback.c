// WSAEINPROGRESS: a callback of this thread is still being processed.
#include "sockets.h"

#include <winuser.h>

#define NEWS (WM_USER + 1)

static int called;
static WSAPROTOCOL_INFOW info;

static LRESULT CALLBACK receive(HWND window, UINT message, WPARAM wide, LPARAM large) {
    if (message != NEWS) return DefWindowProcA(window, message, wide, large);
    called++;
    ROW("WSAEINPROGRESS");
    CHECK_EQUAL(WSAGETSELECTEVENT(large), FD_READ);
    CHECK_ERROR(
        WSADuplicateSocketW((SOCKET)wide, GetCurrentProcessId(), &info), WSAEINPROGRESS);
    CHECK_REASON("callback");
    return 0;
}

int main(void) {
    WNDCLASSA class = {.lpfnWndProc = receive, .lpszClassName = "callback"};
    MSG message;
    start_up();
    struct pair pair = connection();
    REQUIRE(RegisterClassA(&class) != 0);
    HWND window =
        CreateWindowExA(0, "callback", NULL, 0, 0, 0, 0, 0, HWND_MESSAGE, NULL, NULL, NULL);
    REQUIRE(window != NULL);
    CHECK_EQUAL(WSAAsyncSelect(pair.near, window, NEWS, FD_READ), 0);
    CHECK_EQUAL(send(pair.far, "x", 1, 0), 1);
    while (called == 0) {
        REQUIRE(GetMessageA(&message, NULL, 0, 0) > 0);
        DispatchMessageA(&message);
    }
    ROW("after the callback");
    CHECK_EQUAL(WSADuplicateSocketW(pair.near, GetCurrentProcessId(), &info), 0);
    SOCKET copy = open_record(&info);
    CHECK(copy != INVALID_SOCKET);
    CHECK(DestroyWindow(window));
    CHECK_EQUAL(WSACleanup(), 0);
    return checked();
}
