package dev.waterspout.engine.cli.print;

import dev.waterspout.engine.chat.ChatException;
import dev.waterspout.engine.forward.DeviceException;
import dev.waterspout.engine.generate.GenerationException;
import dev.waterspout.engine.gguf.GgufException;
import dev.waterspout.engine.model.ModelException;
import dev.waterspout.engine.plan.PlanException;
import dev.waterspout.engine.tokenizer.TokenizerException;
import dev.waterspout.interconnect.InterconnectException;
import dev.waterspout.kernels.codec.PayloadException;
import java.io.IOException;
import java.io.UncheckedIOException;

/** The exit codes of the process, and the code of each failure. */
public final class ExitCode {
    public static final int OK = 0;
    public static final int INTERNAL = 1;
    public static final int USAGE = 2;
    public static final int MODEL_OR_FILE = 3;
    public static final int DEVICE = 4;
    public static final int PEER = 5;

    private ExitCode() {}

    /** Returns the exit code of a failure. */
    public static int of(Throwable failure) {
        return switch (failure) {
            case PlanException e -> USAGE;
            case GenerationException e -> USAGE;
            case PayloadException e -> PEER;
            case IllegalArgumentException e -> USAGE;
            case ChatException e -> MODEL_OR_FILE;
            case GgufException e -> MODEL_OR_FILE;
            case ModelException e -> MODEL_OR_FILE;
            case TokenizerException e -> MODEL_OR_FILE;
            case IOException e -> MODEL_OR_FILE;
            case UncheckedIOException e -> MODEL_OR_FILE;
            case DeviceException e -> DEVICE;
            case OutOfMemoryError e -> DEVICE;
            case InterconnectException e -> PEER;
            default -> INTERNAL;
        };
    }
}
