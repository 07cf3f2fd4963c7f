package dev.waterspout.kernels.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The bytes of instructions are those that the GNU assembler gives them. */
class EncoderTest {
    private static final List<General> GENERAL = List.of(General.values());

    /** Resource with the bytes that the GNU assembler gives {@link #everything}, in hexadecimal digits. */
    private static final String STORED = "instructions.hex";

    private static final int LINE_BYTES = 48;

    private static final int[] REGISTERS = {0, 5, 9, 15, 16, 22, 31};

    /** Every instruction in every form that kernels may use. */
    private static List<Instruction> everything() {
        List<Instruction> all = new ArrayList<>();
        for (VectorOp op : VectorOp.values()) {
            for (int bits : new int[] {128, 256, 512}) {
                for (int i = 0; i < REGISTERS.length; i++) {
                    int to = REGISTERS[i];
                    int first = op.hasFirst() ? REGISTERS[(i + 2) % REGISTERS.length] : 0;
                    int last = REGISTERS[(i + 4) % REGISTERS.length];
                    if (exists(op, bits, to, first, last)) {
                        int immediate = op.hasImmediate() ? 1 : 0;
                        if (takesRegister(op)) {
                            all.add(new Instruction.Vector(op, bits, to, first, Source.register(last), immediate));
                        }
                        if (op.form() != VectorOp.Form.SHIFT) {
                            General base = GENERAL.get(i);
                            Source memory = Source.memory(base, 64 * i - 100);
                            all.add(new Instruction.Vector(op, bits, to, first, memory, immediate));
                        }
                    }
                }
            }
        }
        for (General register : General.values()) {
            General other = GENERAL.get(register.number() % GENERAL.size());
            all.add(new Instruction.Move(register, other));
            all.add(new Instruction.Add(register, other));
            all.add(new Instruction.Constant(register, 1000));
            all.add(new Instruction.AddConstant(register, 1000));
            all.add(new Instruction.DecrementAndJump(register, all.size() / 2));
            all.add(new Instruction.Prefetch(register, 4096));
        }
        all.add(new Instruction.Vector(VectorOp.VMULPS, 512, 3, 4, Source.all(General.R9, 12), 0));
        all.add(new Instruction.Return());
        return all;
    }

    /** Whether the last operand is a register in some of these forms. */
    private static boolean takesRegister(VectorOp op) {
        return switch (op) {
            case VPINSRW, VBROADCASTI128, VBROADCASTI32X4 -> false;
            default -> op.form() != VectorOp.Form.STORE || op == VectorOp.VPMOVDW;
        };
    }

    /** Whether processors have the instruction with these registers. */
    private static boolean exists(VectorOp op, int bits, int to, int first, int last) {
        boolean evex = bits == 512 || Math.max(to, Math.max(first, last)) >= 16;
        return switch (op) {
            case VPSIGNB, VPHADDD, VCMPPS -> !evex && bits < 512;
            case VINSERTI128, VEXTRACTI128, VBROADCASTI128 -> bits == 256 && !evex;
            case VINSERTI32X4, VPMOVDW, VBROADCASTI32X4 -> bits == 512;
            case VMOVSS_STORE, VPINSRW -> bits == 128 && !evex;
            case VPERMD, VPERMQ -> bits >= 256;
            default -> true;
        };
    }

    @Test
    void bytesAreTheStoredOnesOfTheGnuAssembler() throws IOException {
        assertThat(lines(Encoder.encode(everything()))).isEqualTo(stored());
    }

    /** Where the assembler gives other bytes than the stored ones, the test writes them to a file to replace it. */
    @Test
    void storedBytesAreThoseOfTheInstalledAssembler(@TempDir Path folder) throws IOException, InterruptedException {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/as")) && Files.isExecutable(Path.of("/usr/bin/objcopy")));
        Path text = Files.writeString(folder.resolve("all.s"), AssemblyText.of(everything()));
        Path object = folder.resolve("all.o");
        Path bytes = folder.resolve("all.bin");
        run("/usr/bin/as", "--64", text.toString(), "-o", object.toString());
        run("/usr/bin/objcopy", "-O", "binary", "-j", ".text", object.toString(), bytes.toString());
        List<String> assembled = lines(Files.readAllBytes(bytes));
        if (!assembled.equals(stored())) {
            Files.write(Files.createDirectories(Path.of("target")).resolve(STORED), assembled);
        }
        assertThat(assembled)
                .as("target/" + STORED + " has the assembler's bytes")
                .isEqualTo(stored());
    }

    private static List<String> stored() throws IOException {
        try (InputStream file = EncoderTest.class.getResourceAsStream(STORED)) {
            return file == null
                    ? List.of()
                    : new String(file.readAllBytes(), StandardCharsets.US_ASCII)
                            .lines()
                            .toList();
        }
    }

    private static List<String> lines(byte[] bytes) {
        List<String> lines = new ArrayList<>();
        for (int from = 0; from < bytes.length; from += LINE_BYTES) {
            lines.add(HexFormat.of().formatHex(bytes, from, Math.min(from + LINE_BYTES, bytes.length)));
        }
        return lines;
    }

    private static void run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
    }
}
