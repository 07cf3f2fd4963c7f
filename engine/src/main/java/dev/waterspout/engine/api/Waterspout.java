package dev.waterspout.engine.api;

import dev.waterspout.engine.forward.DeviceException;
import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.model.Model;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Deque;
import java.util.Objects;
import java.util.Optional;

/** Loads and opens models: the entry point of the API. */
public final class Waterspout {
    private static final String EMBEDDED = "orator-q8_0.gguf";

    private Waterspout() {}

    /**
     * Loads a model. All its ranks run in this process.
     *
     * @param file GGUF file
     * @param options options of the run
     * @return the model; closing it releases everything
     * @throws dev.waterspout.engine.gguf.GgufException if the file cannot be read or is malformed
     * @throws dev.waterspout.engine.model.ModelException if it is not a model that can be run
     * @throws dev.waterspout.engine.forward.DeviceException if a device is not available, or has too little memory
     */
    public static LanguageModel load(Path file, Options options) {
        return load(Optional.of(file), Session.open(options, Events.NONE), options);
    }

    /**
     * Loads the model that is part of this library: 3.7 million parameters, for tests.
     *
     * @param options options of the run
     * @return the model; closing it releases everything
     */
    public static LanguageModel loadEmbedded(Options options) {
        return load(Optional.empty(), Session.open(options, Events.NONE), options);
    }

    /**
     * Loads a model as one rank of the group that a launcher such as mpirun started, or with all its ranks without a
     * launcher. All processes of the group call this. Then the process that {@linkplain LanguageModel#leads leads}
     * generates and finally {@linkplain LanguageModel#dismiss dismisses} the others, which
     * {@linkplain LanguageModel#follow follow}.
     *
     * @param file GGUF file, the same in every process
     * @param options options of the run, the same in every process
     * @return the model; closing it releases everything
     * @throws dev.waterspout.interconnect.InterconnectException if the group cannot be joined, or its processes
     *     disagree
     */
    public static LanguageModel join(Path file, Options options) {
        return load(Optional.of(file), Session.join(options, Events.NONE), options);
    }

    private static LanguageModel load(Optional<Path> file, Session session, Options options) {
        try {
            Model model = open(file);
            try {
                return session.load(model, options).owning(model).owning(session);
            } catch (Throwable failure) {
                model.close();
                throw failure;
            }
        } catch (Throwable failure) {
            session.abort(failure);
            session.close();
            throw failure;
        }
    }

    /**
     * Opens a model without running it. Its weights are read from the file while it runs.
     *
     * @param file GGUF file; empty for the model that is part of this library
     */
    public static Model open(Optional<Path> file) {
        return model(openFile(file));
    }

    /**
     * Opens a model without running it, its weights in memory. The file may be cut, replaced or out of reach while the
     * model runs.
     *
     * @param file GGUF file, all of which every process holds
     * @throws DeviceException if the memory that is available is less than the file
     */
    public static Model openInMemory(Path file) {
        try (GgufFile mapped = GgufFile.open(file)) {
            MemoryCheck.requireFile(mapped);
            return model(mapped.copy());
        }
    }

    private static Model model(GgufFile opened) {
        try {
            return new Model(opened);
        } catch (Throwable failure) {
            opened.close();
            throw failure;
        }
    }

    /**
     * Opens a model's file without checking that it can run.
     *
     * @param file GGUF file; empty for the model that is part of this library
     */
    public static GgufFile openFile(Optional<Path> file) {
        if (file.isPresent()) {
            return GgufFile.open(file.get());
        }
        try (InputStream stream = Objects.requireNonNull(Model.class.getResourceAsStream(EMBEDDED))) {
            return GgufFile.read(EMBEDDED, stream);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /** Closes all resources, and throws the first failure at the end. */
    static void closeAll(Deque<AutoCloseable> resources) {
        RuntimeException first = null;
        for (AutoCloseable resource : resources) {
            try {
                resource.close();
            } catch (RuntimeException failure) {
                first = first == null ? failure : first;
            } catch (Exception failure) {
                first = first == null ? new IllegalStateException(failure) : first;
            }
        }
        if (first != null) {
            throw first;
        }
    }
}
