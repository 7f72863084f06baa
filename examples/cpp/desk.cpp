// 收费窗口（C++）：句柄放进一个类，离开作用域自动关闭；错误变成异常。
// 用法：desk 配置文件 二维码 让参保人确认的命令
//       desk 配置文件          从标准输入逐行接受经办人员的操作（接入验收）
#include <array>
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>

#include "yanmi.h"

class Desk {
public:
    explicit Desk(const std::string &config) { checked(yanmi_open(config.c_str(), &handle_)); }
    ~Desk() { yanmi_close(handle_); }
    Desk(const Desk &) = delete;
    Desk &operator=(const Desk &) = delete;

    // 扫码，返回就诊编号
    std::string scan(const std::string &qr, const std::string &reference) const {
        std::array<char, YANMI_VISIT_SIZE> visit{};
        checked(yanmi_scan(handle_, qr.c_str(), "01301", "001", "经办人", "01", "收费处", reference.c_str(),
                           visit.data(), nullptr, 0, nullptr));
        return visit.data();
    }
    // 已通知（或免密）为真；为假时看 message() 给出的下一步
    bool notify(const std::string &visit, const std::string &amount) const {
        return checked(yanmi_notify(handle_, visit.c_str(), amount.c_str(), nullptr, 0, nullptr)) == YANMI_OK;
    }
    // 只有为真才可结算；异常也不可结算
    bool settles(const std::string &visit, const std::string &amount) const {
        return checked(yanmi_gate(handle_, visit.c_str(), "2207", amount.c_str(), nullptr, 0, nullptr)) == YANMI_OK;
    }
    // 一个窗口：每行一个操作，各答一行“返回值 提示”
    void window(std::istream &in, std::ostream &out) const {
        std::array<char, YANMI_VISIT_SIZE> id{};
        const char *visit = id.data();
        for (std::string line; std::getline(in, line);) {
            const auto space = line.find(' ');
            const std::string what = line.substr(0, space);
            const std::string value = space == std::string::npos ? "" : line.substr(space + 1);
            int32_t code = YANMI_E_ARGUMENT;
            if (what == "scan") code = yanmi_begin(handle_, 0, value.c_str(), nullptr, nullptr, id.data(), nullptr, 0, nullptr);
            if (what == "token") code = yanmi_switch_token(handle_, visit, value.c_str(), nullptr, 0, nullptr);
            if (what == "notice") code = yanmi_notify(handle_, visit, value.c_str(), nullptr, 0, nullptr);
            if (what == "status") code = yanmi_status(handle_, visit, 0, nullptr, 0, nullptr);
            if (what == "gate") code = yanmi_gate(handle_, visit, "2207", value.c_str(), nullptr, 0, nullptr);
            out << code << " " << message() << std::endl;
        }
    }
    static std::string message() {
        std::array<char, 1024> line{};
        yanmi_message(0, line.data(), static_cast<int32_t>(line.size()), nullptr);
        return line.data();
    }

private:
    static int32_t checked(int32_t code) {
        if (code >= YANMI_E_NULL) throw std::runtime_error(std::to_string(code) + " " + message());
        return code;
    }
    int32_t handle_ = 0;
};

int main(int argc, char **argv) {
    if (argc != 2 && argc < 4) return 2;
    try {
        const Desk desk(argv[1]);
        if (argc == 2) {
            desk.window(std::cin, std::cout);
            return 0;
        }
        const std::string visit = desk.scan(argv[2], "MZ-CPP-1");
        if (!desk.notify(visit, "88.00")) throw std::runtime_error(Desk::message());
        if (desk.settles(visit, "88.00")) throw std::runtime_error("还没有确认，不应可以结算");
        std::cout << "确认之前：" << Desk::message() << "\n";
        if (std::system(argv[3]) != 0) return 1;
        if (!desk.settles(visit, "88.00")) throw std::runtime_error(Desk::message());
        std::cout << Desk::message() << "\n";
        try {
            desk.scan("不是二维码", "");
            return 1;
        } catch (const std::runtime_error &error) {
            std::cout << "错误：" << error.what() << "\n";
        }
    } catch (const std::exception &error) {
        std::cerr << error.what() << "\n";
        return 1;
    }
    return 0;
}
