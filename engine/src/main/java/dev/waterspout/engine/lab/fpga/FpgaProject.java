package dev.waterspout.engine.lab.fpga;

import dev.waterspout.kernels.fpga.FpgaCodec;
import dev.waterspout.kernels.fpga.FpgaKernels;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The folder that a vendor's compiler makes a bitstream of: the source, TornadoVM's configuration and list of
 * bitstreams, and a script that calls the compiler. All paths are relative to the folder.
 *
 * @param kernels the kernels to compile
 * @param toolchain the compiler
 * @param board the vendor's name of the board
 */
public record FpgaProject(FpgaKernels kernels, Toolchain toolchain, String board) {
    /** TornadoVM's configuration file, for {@code -Dtornado.fpga.conf.file}. */
    public static final String CONFIGURATION = "tornado-fpga.conf";

    /** TornadoVM's list of bitstreams by task, for {@code -Dtornado.precompiled.binary}. */
    public static final String BITSTREAM_LIST = "bitstreams.txt";

    /** The script. */
    public static final String SCRIPT = "build.sh";

    /** Checks a name that is written to a shell script and to a file whose fields end at spaces. */
    public FpgaProject {
        if (!board.matches("[A-Za-z0-9_.:/-]+")) {
            throw new IllegalArgumentException(
                    "board '" + board + "' is not a board's name; it has letters, digits and . _ - : / only");
        }
    }

    /** {@return the contents of all files by their names} */
    public Map<String, String> files() {
        Map<String, String> files = new LinkedHashMap<>();
        files.put(kernels.name() + ".cl", kernels.source(toolchain.vendor()));
        files.put(CONFIGURATION, configuration());
        files.put(BITSTREAM_LIST, bitstreamList());
        files.put(SCRIPT, script());
        return files;
    }

    private String configuration() {
        return """
            # For -Dtornado.fpga.conf.file: TornadoVM reads it wherever a device is an FPGA.
            # [device]
            DEVICE_NAME = %s
            # [compiler]
            COMPILER = %s
            # [options]
            FLAGS = %s
            DIRECTORY_BITSTREAM = %s/
            """.formatted(board, toolchain.compiler(), toolchain.flags(), Toolchain.BITSTREAMS);
    }

    private String bitstreamList() {
        String file = toolchain.bitstream(kernels);
        return """
            # For -Dtornado.precompiled.binary, run within this folder: bitstream, task and device.
            %s,%s.device=0:0
            %s,%s.device=0:0
            """.formatted(file, FpgaCodec.QUANTIZE_TASK, file, FpgaCodec.SUM_TASK);
    }

    private String script() {
        List<String> lines = toolchain.commands(kernels, board).stream()
                .map(command -> String.join(" ", command))
                .toList();
        return """
            #!/bin/sh
            # Makes %s of %s.cl; hours on a real board.
            set -eu
            cd -- "$(dirname -- "$0")"
            if ! command -v %s >/dev/null 2>&1; then
                printf "%%s\\n" "build.sh: %s" >&2
                exit 4
            fi
            mkdir -p %s
            %s
            """.formatted(
                        toolchain.bitstream(kernels),
                        kernels.name(),
                        toolchain.compiler(),
                        toolchain.missing(),
                        Toolchain.BITSTREAMS,
                        lines.stream().collect(Collectors.joining("\n")));
    }
}
