package dev.waterspout.kernels.device.kernels;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeModel;
import java.lang.classfile.Instruction;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.BranchInstruction;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LineNumber;
import java.lang.classfile.instruction.LocalVariable;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Refuses constructs that TornadoVM miscompiles silently, in kernels and the methods that they call. A kernel is a
 * static method with a {@code KernelContext}.
 *
 * <p>Divisions by variables are allowed: kernels divide non-negative indices by shapes. Divisions by constants are
 * refused for all operands, since a shift or a mask computes the same correctly.
 */
final class KernelBytecode {
    private static final String API = "uk/ac/manchester/tornado/api/";
    private static final ClassDesc CONTEXT = ClassDesc.ofInternalName(API + "KernelContext");

    /**
     * Methods that differ on the emulator and on CUDA: TornadoVM folds their flags. Tests compare their results on each
     * device with those of the host.
     */
    private static final Set<String> FOLDED = Set.of("addProduct", "addFour");

    private static final String FOLDED_OWNER = ByteMath.class.getName().replace('.', '/');

    /** Functions and reserved words of OpenCL C, CUDA C and PTX that a kernel's name would collide with. */
    private static final Set<String> RESERVED = Set.of(
            "abs",
            "acos",
            "add",
            "all",
            "and",
            "any",
            "asin",
            "atan",
            "atan2",
            "atomic_add",
            "barrier",
            "bitselect",
            "cbrt",
            "ceil",
            "clamp",
            "constant",
            "copysign",
            "cos",
            "cosh",
            "cross",
            "cvt",
            "degrees",
            "device",
            "distance",
            "div",
            "dot",
            "erf",
            "exp",
            "exp10",
            "exp2",
            "expm1",
            "extern",
            "fabs",
            "fdim",
            "floor",
            "fma",
            "fmax",
            "fmin",
            "fmod",
            "fract",
            "frexp",
            "global",
            "half",
            "hypot",
            "ilogb",
            "inline",
            "isequal",
            "isfinite",
            "isgreater",
            "isinf",
            "isless",
            "isnan",
            "isnormal",
            "isordered",
            "kernel",
            "ldexp",
            "length",
            "lgamma",
            "local",
            "log",
            "log10",
            "log1p",
            "log2",
            "logb",
            "mad",
            "mad24",
            "main",
            "max",
            "min",
            "mix",
            "modf",
            "mul",
            "mul24",
            "nan",
            "neg",
            "nextafter",
            "normalize",
            "not",
            "or",
            "popcount",
            "pow",
            "pown",
            "powr",
            "prefetch",
            "printf",
            "private",
            "radians",
            "register",
            "remainder",
            "remquo",
            "rint",
            "rootn",
            "rotate",
            "round",
            "rsqrt",
            "select",
            "sign",
            "signbit",
            "sin",
            "sincos",
            "sinh",
            "sinpi",
            "sizeof",
            "smoothstep",
            "sqrt",
            "step",
            "sub",
            "tan",
            "tanh",
            "tgamma",
            "trunc",
            "typedef",
            "uint",
            "union",
            "unsigned",
            "upsample",
            "vload4",
            "volatile",
            "vstore4",
            "xor");

    private final ClassLoader loader;
    private final List<String> findings = new ArrayList<>();
    private final Set<String> seen = new LinkedHashSet<>();
    private final Deque<Target> pending = new ArrayDeque<>();

    private KernelBytecode(ClassLoader loader) {
        this.loader = loader;
    }

    /** A method by class (internal name), name and descriptor. */
    private record Target(String owner, String name, String descriptor) {}

    /**
     * Checks the kernels of a class, and the methods of this project that they call.
     *
     * @param loader finds class files
     * @param internalName of the class
     * @return one line for each construct that is refused: class, method, line, construct
     */
    static List<String> check(ClassLoader loader, String internalName) {
        KernelBytecode check = new KernelBytecode(loader);
        for (MethodModel method : check.parse(internalName).methods()) {
            if (method.methodTypeSymbol().parameterList().contains(CONTEXT)) {
                check.enqueue(new Target(
                        internalName,
                        method.methodName().stringValue(),
                        method.methodType().stringValue()));
            }
        }
        while (!check.pending.isEmpty()) {
            check.method(check.pending.remove());
        }
        return check.findings;
    }

    /** {@return whether a class has a kernel} */
    static boolean hasKernels(ClassLoader loader, String internalName) {
        return new KernelBytecode(loader)
                .parse(internalName).methods().stream()
                        .anyMatch(method -> isStatic(method)
                                && method.methodTypeSymbol().parameterList().contains(CONTEXT));
    }

    private void enqueue(Target target) {
        if (seen.add(target.toString())) {
            pending.add(target);
        }
    }

    private void method(Target target) {
        if (target.owner().equals(FOLDED_OWNER) && FOLDED.contains(target.name())) {
            return;
        }
        MethodModel method = find(target);
        CodeModel code = method.code().orElseThrow();
        if (!isStatic(method)) {
            report(target, 0, "a kernel that is not static");
        }
        if (RESERVED.contains(target.name().toLowerCase(Locale.ROOT))) {
            report(target, 0, "the reserved name " + target.name());
        }
        if (method.methodTypeSymbol().parameterList().contains(ConstantDescs.CD_boolean)) {
            report(target, 0, "a boolean parameter");
        }
        if (code.elementStream().noneMatch(LocalVariable.class::isInstance)) {
            report(target, 0, "no local variable table: compiled without -g");
        }
        int line = 0;
        Instruction previous = null;
        for (CodeElement element : code) {
            if (element instanceof LineNumber number) {
                line = number.line();
            } else if (element instanceof Instruction instruction) {
                instruction(target, line, previous, instruction);
                previous = instruction;
            }
        }
    }

    private void instruction(Target in, int line, @Nullable Instruction previous, Instruction instruction) {
        switch (instruction) {
            case InvokeInstruction call -> call(in, line, call);
            case FieldInstruction field -> field(in, line, field);
            case ConstantInstruction constant -> constant(in, line, constant);
            case BranchInstruction branch -> branch(in, line, previous, branch);
            default -> arithmetic(in, line, previous, instruction.opcode());
        }
    }

    private void arithmetic(Target in, int line, @Nullable Instruction previous, Opcode opcode) {
        switch (opcode) {
            case IUSHR, LUSHR -> report(in, line, ">>>, which becomes >>");
            case IDIV, IREM, LDIV, LREM -> {
                if (previous instanceof ConstantInstruction) {
                    report(in, line, "/ or % by a constant, which becomes a wrong shift for negative values");
                }
            }
            default -> {
                // All other arithmetic is compiled correctly.
            }
        }
    }

    private void constant(Target in, int line, ConstantInstruction constant) {
        if (constant.constantValue() instanceof Number number && Double.isNaN(number.doubleValue())) {
            report(in, line, "a NaN literal");
        }
    }

    /**
     * javac uses the comparison instruction whose result for NaN makes the condition false. For these pairs of
     * instructions TornadoVM loses that result.
     */
    private void branch(Target in, int line, @Nullable Instruction previous, BranchInstruction branch) {
        if (previous == null) {
            return;
        }
        Opcode compare = previous.opcode();
        Opcode jump = branch.opcode();
        boolean less = compare == Opcode.FCMPG || compare == Opcode.DCMPG;
        boolean greater = compare == Opcode.FCMPL || compare == Opcode.DCMPL;
        if ((less && (jump == Opcode.IFGT || jump == Opcode.IFLE))
                || (greater && (jump == Opcode.IFLT || jump == Opcode.IFGE))) {
            report(in, line, "<= or >= of floats, which come out true for NaN");
        }
    }

    private void field(Target in, int line, FieldInstruction field) {
        if (field.opcode() == Opcode.GETSTATIC && field.typeSymbol().isArray()) {
            report(in, line, "a read of the static array " + field.name().stringValue());
        } else if ((field.opcode() == Opcode.GETSTATIC || field.opcode() == Opcode.PUTSTATIC)
                // TornadoVM takes the shape of a matrix operation from the constant.
                && !field.owner().asInternalName().equals(API + "enums/MMAShape")) {
            report(in, line, "an access to the static field " + field.name().stringValue());
        }
    }

    private void call(Target in, int line, InvokeInstruction call) {
        String owner = call.owner().asInternalName();
        String name = call.name().stringValue();
        if (owner.startsWith(API)) {
            return;
        }
        if (owner.equals("java/lang/Integer") && name.equals("intValue")) {
            // The context's fields.
            return;
        }
        if (owner.startsWith("java/")) {
            report(in, line, reason(owner, name));
            return;
        }
        enqueue(new Target(owner, name, call.type().stringValue()));
    }

    private static String reason(String owner, String name) {
        String call = owner.substring(owner.lastIndexOf('/') + 1) + "." + name;
        return switch (call) {
            case "Float.floatToRawIntBits",
                    "Float.floatToIntBits",
                    "Float.intBitsToFloat",
                    "Double.doubleToRawLongBits",
                    "Double.doubleToLongBits",
                    "Double.longBitsToDouble" -> "the bit cast " + call;
            case "Float.float16ToFloat", "Float.floatToFloat16" -> call + ", which gives wrong values on OpenCL";
            case "Integer.rotateLeft", "Integer.rotateRight" -> call + ", which contains >>>";
            default -> "a call of " + call + ": kernels call their own helpers and the API";
        };
    }

    private void report(Target in, int line, String construct) {
        findings.add(in.owner().replace('/', '.') + "." + in.name() + ", line " + line + ": " + construct);
    }

    private static boolean isStatic(MethodModel method) {
        return (method.flags().flagsMask() & ClassFile.ACC_STATIC) != 0;
    }

    private MethodModel find(Target target) {
        return parse(target.owner()).methods().stream()
                .filter(method -> method.methodName().equalsString(target.name())
                        && method.methodType().equalsString(target.descriptor()))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("no method " + target));
    }

    private ClassModel parse(String internalName) {
        try (InputStream in = loader.getResourceAsStream(internalName + ".class")) {
            if (in == null) {
                throw new IllegalArgumentException("no class file of " + internalName);
            }
            return ClassFile.of(ClassFile.DebugElementsOption.PASS_DEBUG).parse(in.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
