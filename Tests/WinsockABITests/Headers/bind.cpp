// std::bind goes on to work beside the socket's bind, whatever is included when. This one is run.
#ifdef STANDARD_FIRST
#include <functional>
#include <string>
#include <thread>
#include <vector>
#endif
#include <winsock2.h>
#include <ws2tcpip.h>
#include <functional>
#include <string>
#include <thread>
#include <vector>

extern "C" int WSAAPI bind(SOCKET s, const struct sockaddr *, int) { return s == 5 ? 77 : 1; }

static int add(int left, int right) { return left + right; }

struct Connection {
    // A program's own names may be those of the macros: they are renamed wherever they stand.
    int connect(int port) const { return port + 1; }
    int socket = 3;
};

static int inNamespaceStd(SOCKET s, const sockaddr *name) {
    using namespace std;
    return bind(s, name, 16);
}

int main() {
    using namespace std::placeholders;
    if (std::bind(add, 2, _1)(3) != 5) return 1;
    if (std::bind<long>(add, 2, _1)(3) != 5) return 2;
    if (std::bind(&Connection::connect, Connection(), _1)(80) != 81) return 3;

    // What is bound is moved or copied as std::bind does, and a reference stays one.
    int count = 0;
    auto increment = [](int &value, const std::string &text) { value += int(text.size()); };
    std::bind(increment, std::ref(count), std::string("four"))();
    if (count != 4) return 4;

    std::vector<int> seen;
    std::function<void(int)> remember = std::bind(
        static_cast<void (std::vector<int>::*)(const int &)>(&std::vector<int>::push_back), &seen,
        _1);
    std::thread thread(std::bind(remember, 9));
    thread.join();
    if (seen.size() != 1 || seen[0] != 9) return 5;
    if (!std::is_bind_expression<decltype(std::bind(add, _1, _2))>::value) return 6;

    sockaddr_in address = {};
    if (::bind(5, reinterpret_cast<sockaddr *>(&address), sizeof(address)) != 77) return 7;
    if (inNamespaceStd(5, nullptr) != 77) return 8;
    return Connection().socket == 3 ? 0 : 9;
}
