// Registering, cancelling, and what is refused.
#include "events.h"

#include <winuser.h>

#define NEWS (WM_USER + 7)

static void refusals(WSAEVENT event) {
    struct pair pair = connection();
    WSANETWORKEVENTS events;
    u_long off = 0, on = 1;
    ROW("WSAENOTSOCK before all else");
    CHECK_ERROR(WSAEventSelect(INVALID_SOCKET, event, FD_READ), WSAENOTSOCK);
    CHECK_ERROR(WSAEnumNetworkEvents(INVALID_SOCKET, NULL, NULL), WSAENOTSOCK);
    CHECK_ERROR(WSAAsyncSelect(INVALID_SOCKET, NULL, NEWS, 0), WSAENOTSOCK);
    ROW("WSAEINVAL");
    CHECK_ERROR(WSAEventSelect(pair.near, WSA_INVALID_EVENT, FD_READ), WSAEINVAL);
    CHECK_ERROR(WSAEventSelect(pair.near, event, 0x400), WSAEINVAL);
    CHECK_ERROR(WSAAsyncSelect(pair.near, (HWND)(LONG_PTR)4, NEWS, FD_READ), WSAEINVAL);
    ROW("a failure takes nothing away");
    CHECK_EQUAL(send(pair.far, "a", 1, 0), 1);
    CHECK_EQUAL(WSAEventSelect(pair.near, event, FD_READ), 0);
    CHECK_EQUAL(WSAWaitForMultipleEvents(1, &event, FALSE, 5000, FALSE), WSA_WAIT_EVENT_0);
    CHECK_ERROR(WSAEnumNetworkEvents(pair.near, event, NULL), WSAEFAULT);
    CHECK_EQUAL(WSAWaitForMultipleEvents(1, &event, FALSE, 0, FALSE), WSA_WAIT_EVENT_0);
    ROW("only the codes of recorded events are written");
    memset(&events, 0x5a, sizeof events);
    CHECK_EQUAL(WSAEnumNetworkEvents(pair.near, NULL, &events), 0);
    CHECK_EQUAL(events.lNetworkEvents, FD_READ);
    CHECK_EQUAL(events.iErrorCode[FD_READ_BIT], 0);
    CHECK_EQUAL(events.iErrorCode[FD_WRITE_BIT], 0x5a5a5a5a);
    CHECK_EQUAL(WSAWaitForMultipleEvents(1, &event, FALSE, 0, FALSE), WSA_WAIT_EVENT_0);
    CHECK(WSAResetEvent(event));
    ROW("FIONBIO");
    CHECK_ERROR(ioctlsocket(pair.near, FIONBIO, &off), WSAEINVAL);
    CHECK_EQUAL(ioctlsocket(pair.near, FIONBIO, &on), 0);
    CHECK_EQUAL(WSAEventSelect(pair.near, NULL, 0), 0);
    CHECK_EQUAL(ioctlsocket(pair.near, FIONBIO, &off), 0);
    CHECK_EQUAL(closesocket(pair.near), 0);
    CHECK_EQUAL(closesocket(pair.far), 0);
}

static void replacing(WSAEVENT first) {
    struct pair pair = connection();
    WSAEVENT second = WSACreateEvent();
    ROW("the last registration has all");
    CHECK_EQUAL(WSAEventSelect(pair.near, first, FD_READ), 0);
    CHECK_EQUAL(WSAEventSelect(pair.near, second, FD_CLOSE), 0);
    CHECK_EQUAL(send(pair.far, "a", 1, 0), 1);
    EXPECT_SILENCE(pair.near, first);
    CHECK_EQUAL(receive_one(pair.near), 1);
    CHECK_EQUAL(closesocket(pair.far), 0);
    EXPECT_EVENTS(pair.near, second, FD_CLOSE);
    CHECK_EQUAL(closesocket(pair.near), 0);
    ROW("no events cancel");
    pair = connection();
    CHECK_EQUAL(WSAEventSelect(pair.near, first, FD_READ), 0);
    CHECK_EQUAL(WSAEventSelect(pair.near, first, 0), 0);
    CHECK_EQUAL(send(pair.far, "a", 1, 0), 1);
    EXPECT_SILENCE(pair.near, first);
    ROW("WSAEventSelect makes the socket non-blocking");
    CHECK_EQUAL(receive_one(pair.near), 1);
    CHECK_ERROR(receive_one(pair.near), WSAEWOULDBLOCK);
    CHECK(WSACloseEvent(second));
    CHECK_EQUAL(closesocket(pair.near), 0);
    CHECK_EQUAL(closesocket(pair.far), 0);
}

static LRESULT CALLBACK ignore(HWND window, UINT message, WPARAM wide, LPARAM large) {
    return DefWindowProcA(window, message, wide, large);
}

static void windows(WSAEVENT event) {
    WNDCLASSA class = {.lpfnWndProc = ignore, .lpszClassName = "Selecting"};
    MSG message;
    struct pair pair = connection();
    ROW("windows");
    CHECK(CreateWindowExA(0, "selecting", "", 0, 0, 0, 0, 0, HWND_MESSAGE, 0, 0, 0) == NULL);
    CHECK_EQUAL(GetLastError(), ERROR_CANNOT_FIND_WND_CLASS);
    REQUIRE(RegisterClassA(&class) != 0);
    CHECK(RegisterClassA(&class) == 0 && GetLastError() == ERROR_CLASS_ALREADY_EXISTS);
    HWND window =
        CreateWindowExW(0, u"SELECTING", u"", 0, 0, 0, 0, 0, HWND_MESSAGE, NULL, NULL, NULL);
    REQUIRE(window != NULL);
    CHECK(!UnregisterClassA("selecting", NULL) && GetLastError() == ERROR_CLASS_HAS_WINDOWS);
    ROW("WSAAsyncSelect cancels WSAEventSelect");
    CHECK_EQUAL(WSAEventSelect(pair.near, event, FD_READ | FD_CLOSE), 0);
    CHECK_EQUAL(WSAAsyncSelect(pair.near, window, NEWS, FD_READ | FD_CLOSE), 0);
    CHECK_EQUAL(send(pair.far, "a", 1, 0), 1);
    CHECK_EQUAL(GetMessageA(&message, window, 0, 0), 1);
    CHECK(message.hwnd == window);
    CHECK_EQUAL(message.message, NEWS);
    CHECK_EQUAL(message.wParam, pair.near);
    CHECK_EQUAL(message.lParam, WSAMAKESELECTREPLY(FD_READ, 0));
    CHECK_EQUAL(WSAWaitForMultipleEvents(1, &event, FALSE, 0, FALSE), WSA_WAIT_TIMEOUT);
    CHECK(!PeekMessageA(&message, NULL, 0, 0, PM_REMOVE));
    ROW("lParam has the error");
    LINGER hard = {1, 0};
    CHECK_EQUAL(receive_one(pair.near), 1);
    CHECK_EQUAL(setsockopt(pair.far, SOL_SOCKET, SO_LINGER, (char *)&hard, sizeof hard), 0);
    CHECK_EQUAL(closesocket(pair.far), 0);
    CHECK_EQUAL(GetMessageA(&message, NULL, NEWS, NEWS), 1);
    CHECK_EQUAL(WSAGETSELECTEVENT(message.lParam), FD_CLOSE);
    CHECK_EQUAL(WSAGETSELECTERROR(message.lParam), WSAECONNRESET);
    ROW("posted messages");
    CHECK(PostMessageA(window, WM_APP, 1, 2) && PostMessageA(NULL, WM_QUIT, 3, 0));
    CHECK(PeekMessageW(&message, NULL, 0, 0, PM_NOREMOVE) && message.message == WM_APP);
    CHECK_EQUAL(GetMessageW(&message, NULL, 0, 0), 1);
    CHECK_EQUAL(message.lParam, 2);
    CHECK_EQUAL(DispatchMessageW(&message), 0);
    CHECK_EQUAL(GetMessageA(&message, NULL, 0, 0), 0);
    CHECK(DestroyWindow(window));
    CHECK(!PostMessageA(window, WM_APP, 0, 0) && GetLastError() == ERROR_INVALID_WINDOW_HANDLE);
    CHECK(UnregisterClassA("selecting", NULL));
    CHECK_EQUAL(closesocket(pair.near), 0);
}

int main(void) {
    start_up();
    WSAEVENT event = WSACreateEvent();
    REQUIRE(event != WSA_INVALID_EVENT);
    refusals(event);
    replacing(event);
    windows(event);
    CHECK_EQUAL(WSACleanup(), 0);
    return checked();
}
