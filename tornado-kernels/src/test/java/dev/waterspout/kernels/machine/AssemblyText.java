package dev.waterspout.kernels.machine;

import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Instructions as text for the GNU assembler, which is asked for the forms that {@link Encoder} uses. */
final class AssemblyText {
    /** Names that AVX-512 has other words for. */
    private static final Set<VectorOp> LOGIC = Set.of(VectorOp.VPAND, VectorOp.VPANDN, VectorOp.VPOR, VectorOp.VPXOR);

    private AssemblyText() {}

    static String of(List<Instruction> instructions) {
        StringBuilder text = new StringBuilder(".intel_syntax noprefix\n.text\n");
        for (int i = 0; i < instructions.size(); i++) {
            text.append(".L")
                    .append(i)
                    .append(": ")
                    .append(line(instructions.get(i)))
                    .append('\n');
        }
        return text.toString();
    }

    private static String line(Instruction instruction) {
        return switch (instruction) {
            case Instruction.Vector v -> vector(v);
            case Instruction.Move m -> "mov " + name(m.to()) + ", " + name(m.from());
            case Instruction.Constant c -> "mov " + name(c.to()) + ", " + c.constant();
            case Instruction.Add a -> "add " + name(a.to()) + ", " + name(a.from());
            // The assembler has no word for the long form of a small constant.
            case Instruction.AddConstant a ->
                ".byte " + (a.to().number() >= 8 ? "0x49" : "0x48") + ", 0x81, " + (0xC0 | (a.to().number() & 7))
                        + "\n.long " + a.constant();
            case Instruction.DecrementAndJump d ->
                "dec " + name(d.counter()) + "\n.byte 0x0f, 0x85\n.long .L" + d.target() + " - . - 4";
            case Instruction.Prefetch p -> "{disp32} prefetcht0 [" + name(p.base()) + " + " + p.displacement() + "]";
            case Instruction.Return _ -> "vzeroupper\nret";
        };
    }

    private static String name(General register) {
        return register.name().toLowerCase(Locale.ROOT);
    }

    private static String vector(Instruction.Vector v) {
        boolean high = v.to() >= 16 || v.first() >= 16 || (v.source() instanceof Source.Register r && r.number() >= 16);
        boolean evex = v.bits() == 512 || high;
        String name = v.op().name().toLowerCase(Locale.ROOT).replace("_store", "");
        if (evex && LOGIC.contains(v.op())) {
            name += "d";
        }
        String to = register(v.to(), v.bits());
        String source = source(v);
        String operands = switch (v.op().form()) {
            case LOAD, LOAD_IMMEDIATE, SHIFT -> to + ", " + source;
            case STORE, STORE_IMMEDIATE -> source + ", " + to;
            case THREE, THREE_IMMEDIATE -> to + ", " + register(v.first(), v.bits()) + ", " + source;
        };
        String immediate = v.op().hasImmediate() ? ", " + v.immediate() : "";
        return (evex ? "{evex} " : "{vex3} ") + "{disp32} " + name + " " + operands + immediate;
    }

    private static String source(Instruction.Vector v) {
        int bits = switch (v.op()) {
            case VBROADCASTSS, VPBROADCASTD -> v.source() instanceof Source.Register ? 128 : 32;
            case VMOVSS_STORE -> 32;
            case VPINSRW -> 16;
            case VCVTPH2PS, VPMOVDW, VPMOVZXWD -> v.bits() / 2;
            case VINSERTI128, VINSERTI32X4, VEXTRACTI128, VBROADCASTI128, VBROADCASTI32X4 -> 128;
            default -> v.bits();
        };
        return switch (v.source()) {
            case Source.Register r -> register(r.number(), bits);
            case Source.Address a -> {
                String size = switch (a.broadcast() ? 32 : bits) {
                    case 16 -> "word";
                    case 32 -> "dword";
                    case 64 -> "qword";
                    case 128 -> "xmmword";
                    case 256 -> "ymmword";
                    default -> "zmmword";
                };
                yield size + " ptr [" + name(a.base()) + " + " + a.displacement() + "]"
                        + (a.broadcast() ? "{1to" + v.bits() / 32 + "}" : "");
            }
        };
    }

    private static String register(int number, int bits) {
        return (bits <= 128 ? "xmm" : bits == 256 ? "ymm" : "zmm") + number;
    }
}
