// Stands in for NVRTC: keeps CUDA C and compiles it for the CPU.
#include "standin.h"
#include <cctype>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

struct Program {
    std::string source, log, image;
};

static const char *const IMAGE = "cuda-stand-in:";

bool exists(const std::string &path) {
    struct stat status;
    return stat(path.c_str(), &status) == 0;
}

// Writes a file under another name first, since processes may share the folder.
void write_file(const std::string &path, const std::string &text) {
    std::string temporary = path + "." + std::to_string(getpid());
    std::ofstream(temporary) << text;
    rename(temporary.c_str(), path.c_str());
}

std::string keep(const std::string &text, const char *suffix) {
    char name[24];
    snprintf(name, sizeof name, "%016zx", std::hash<std::string>()(text));
    std::string base = kernel_folder() + "/" + name;
    if (!exists(base + suffix)) {
        write_file(base + suffix, text);
    }
    return base;
}

API nvrtcResult nvrtcVersion(int *major, int *minor) {
    *major = 13;
    *minor = 0;
    return NVRTC_SUCCESS;
}

API nvrtcResult nvrtcGetNumSupportedArchs(int *number) {
    *number = 1;
    return NVRTC_SUCCESS;
}

API nvrtcResult nvrtcGetSupportedArchs(int *architectures) {
    architectures[0] = 90;
    return NVRTC_SUCCESS;
}

API nvrtcResult nvrtcCreateProgram(
    nvrtcProgram *program, const char *source, const char *, int, const char *const *, const char *const *) {
    *program = new Program{source, "", ""};
    return NVRTC_SUCCESS;
}

API nvrtcResult nvrtcDestroyProgram(nvrtcProgram *program) {
    delete *program;
    *program = nullptr;
    return NVRTC_SUCCESS;
}

API nvrtcResult nvrtcCompileProgram(nvrtcProgram program, int, const char *const *) {
    std::string base = keep(program->source, ".cu");
    if (!judge_cuda(base)) {
        program->log = read_file(base + ".sm_90-error");
        return NVRTC_ERROR_COMPILATION;
    }
    program->image = IMAGE + base;
    std::string library = compile_for_cpu(program->image);
    if (library.empty()) {
        program->log = read_file(base + ".log");
        return NVRTC_ERROR_COMPILATION;
    }
    return NVRTC_SUCCESS;
}

API nvrtcResult nvrtcGetProgramLogSize(nvrtcProgram program, size_t *size) {
    *size = program->log.size() + 1;
    return NVRTC_SUCCESS;
}

API nvrtcResult nvrtcGetProgramLog(nvrtcProgram program, char *log) {
    memcpy(log, program->log.c_str(), program->log.size() + 1);
    return NVRTC_SUCCESS;
}

API nvrtcResult nvrtcGetCUBINSize(nvrtcProgram program, size_t *size) {
    *size = program->image.size() + 1;
    return NVRTC_SUCCESS;
}

API nvrtcResult nvrtcGetCUBIN(nvrtcProgram program, char *image) {
    memcpy(image, program->image.c_str(), program->image.size() + 1);
    return NVRTC_SUCCESS;
}

API nvrtcResult nvrtcGetPTXSize(nvrtcProgram program, size_t *size) { return nvrtcGetCUBINSize(program, size); }

API nvrtcResult nvrtcGetPTX(nvrtcProgram program, char *image) { return nvrtcGetCUBIN(program, image); }

API const char *nvrtcGetErrorString(nvrtcResult result) {
    return result == NVRTC_SUCCESS ? "no error" : "the kernel does not compile";
}

static bool is_name(char c) { return isalnum((unsigned char) c) || c == '_'; }

// The index behind the parenthesis that closes the one at an index.
static size_t behind_parenthesis(const std::string &text, size_t open) {
    int depth = 0;
    for (size_t i = open; i < text.size(); i++) {
        depth += text[i] == '(' ? 1 : text[i] == ')' ? -1 : 0;
        if (depth == 0) {
            return i + 1;
        }
    }
    return text.size();
}

// asm volatile("op.x %0, %1;" : "=r"(a) : "r"(b)) becomes ptx_op_x(a, b): outputs, then inputs. Of several instructions in
// braces, which begin with the declaration of a register, the first one gives the name.
static std::string as_call(const std::string &statement) {
    size_t begin = statement.find('"') + 1;
    if (statement[begin] == '{') {
        begin = statement.find_first_not_of(" ", statement.find(';', begin) + 1);
    }
    size_t end = statement.find_first_of(" ;\"", begin);
    std::string call = "ptx_";
    for (size_t i = begin; i < end; i++) {
        call += is_name(statement[i]) ? statement[i] : '_';
    }
    call += '(';
    bool first = true;
    size_t at = statement.find('"', begin) + 1;
    // Each operand is a constraint in quotation marks and an expression in parentheses.
    while ((at = statement.find('"', at)) != std::string::npos) {
        size_t open = statement.find('(', statement.find('"', at + 1));
        size_t close = behind_parenthesis(statement, open);
        call += (first ? "" : ", ") + statement.substr(open, close - open);
        first = false;
        at = close;
    }
    return call + ')';
}

static std::string without_ptx(const std::string &source) {
    std::string result;
    size_t from = 0;
    for (size_t at; (at = source.find("asm", from)) != std::string::npos;) {
        size_t open = source.find_first_not_of(" ", at + 3);
        if (open != std::string::npos && source.compare(open, 8, "volatile") == 0) {
            open = source.find_first_not_of(" ", open + 8);
        }
        bool statement = open != std::string::npos && source[open] == '(' && (at == 0 || !is_name(source[at - 1]));
        size_t end = statement ? behind_parenthesis(source, open) : at + 3;
        result += source.substr(from, at - from);
        result += statement ? as_call(source.substr(open, end - open)) : source.substr(at, end - at);
        from = end;
    }
    return result + source.substr(from);
}

// The types of a kernel's parameters: each without the name that ends it.
static std::vector<std::string> types(const std::string &parameters) {
    std::vector<std::string> found;
    for (size_t at = 0; at < parameters.size();) {
        size_t comma = std::min(parameters.find(',', at), parameters.size());
        std::string parameter = parameters.substr(at, comma - at);
        size_t last = parameter.find_last_not_of(" \t\n");
        if (last != std::string::npos) {
            found.push_back(parameter.substr(0, parameter.find_last_of(" *", last) + 1));
        }
        at = comma + 1;
    }
    return found;
}

// What runs one kernel: run_NAME, and sizes_NAME with the bytes of each argument.
static std::string entry(const std::string &name, const std::vector<std::string> &types, bool barriers) {
    std::string call, sizes;
    for (size_t i = 0; i < types.size(); i++) {
        call += (i == 0 ? "*(" : ", *(") + types[i] + "*) a[" + std::to_string(i) + "]";
        sizes += "sizeof(" + types[i] + "), ";
    }
    return "static void call_" + name + "(void **a) { " + name + "(" + call + "); }\n"
           "extern \"C\" __attribute__((visibility(\"default\"))) void run_" + name
           + "(unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, void **a) {"
             " standin::run_grid(call_" + name + (barriers ? ", true" : ", false") + ", {gx, gy, gz}, {bx, by, bz}, a); }\n"
           "extern \"C\" __attribute__((visibility(\"default\"))) const size_t sizes_" + name + "[] = {" + sizes + "0};\n";
}

static std::string for_cpu(const std::string &source) {
    bool barriers = source.find("__syncthreads") != std::string::npos || source.find("_sync(") != std::string::npos
                    || source.find("__syncwarp") != std::string::npos || source.find(".sync.") != std::string::npos;
    std::string result = "#include \"kernel.h\"\n" + without_ptx(source) + "\n";
    static const std::string GLOBAL = "__global__";
    for (size_t at = 0; (at = source.find(GLOBAL, at)) != std::string::npos;) {
        size_t open = source.find('(', at);
        size_t end = behind_parenthesis(source, open);
        size_t last = source.find_last_not_of(" ", open - 1);
        size_t first = last;
        while (is_name(source[first - 1])) {
            first--;
        }
        result += entry(source.substr(first, last + 1 - first), types(source.substr(open + 1, end - open - 2)), barriers);
        at = end;
    }
    return result;
}

std::string source_of(const std::string &image) { return image.substr(strlen(IMAGE)); }

std::string compile_for_cpu(const std::string &image) {
    std::string base = source_of(image);
    bool checked = setting("CHECK", "1") != "0";
    std::string stem = base + (checked ? "-checked" : "-fast");
    std::string library = stem + ".so";
    if (exists(library)) {
        return library;
    }
    write_file(stem + ".cpp", for_cpu(read_file(base + ".cu")));
    std::string temporary = library + "." + std::to_string(getpid());
    std::string checks = " -fsanitize=kernel-address --param asan-instrumentation-with-call-threshold=0"
                         " --param asan-stack=0 --param asan-globals=0";
    std::string command = "g++ -std=c++17 -O2 -w -march=native -ffp-contract=fast -fno-strict-aliasing -fpermissive -fPIC -shared"
                          + (checked ? checks : "") + " -I'" + setting("SOURCES", ".") + "' -o '" + temporary + "' '" + stem
                          + ".cpp'";
    if (!run_command(command, base + ".log")) {
        report("the kernel does not compile: " + base + ".log");
        return "";
    }
    rename(temporary.c_str(), library.c_str());
    return library;
}
