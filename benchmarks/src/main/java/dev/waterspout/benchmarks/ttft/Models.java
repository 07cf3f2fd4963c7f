package dev.waterspout.benchmarks.ttft;

import dev.waterspout.engine.bench.SyntheticModel;
import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/** The models in a folder, created on first use, and prompts with an exact number of tokens. */
final class Models {
    static final String EMBEDDED = "orator";
    private static final String EMBEDDED_FILE = "orator-q8_0.gguf";

    /** Text of the prompts, from the preamble of the Constitution of the United States. */
    private static final String TEXT =
            "We the People of the United States, in Order to form a more perfect Union, establish"
                    + " Justice, insure domestic Tranquility, provide for the common defence, promote the general "
                    + "Welfare. ";

    private static final int MOST_REPETITIONS = 40;

    private final Path folder;

    Models(Path folder) {
        this.folder = folder;
    }

    /** {@return the model's file; empty for the built-in model} */
    Optional<Path> file(String name) throws IOException {
        if (name.equals(EMBEDDED)) {
            return Optional.empty();
        }
        SyntheticModel model = SyntheticModel.parse(name);
        Files.createDirectories(folder);
        Path file = folder.resolve(name.replace(':', '-') + ".gguf");
        if (!Files.exists(file)) {
            System.err.println("writing " + file);
            model.write(file);
        }
        return Optional.of(file);
    }

    /**
     * {@return the file that another program reads, converted from the model's file on first use}
     *
     * @param ending suffix that replaces {@code .gguf}
     */
    Path beside(String name, String ending, Conversion conversion) throws IOException {
        Path source = file(name).orElseThrow();
        Path target = folder.resolve(name.replace(':', '-') + ending);
        if (!Files.exists(target)) {
            System.err.println("writing " + target);
            conversion.convert(source, target);
        }
        return target;
    }

    /** Converts a GGUF file. */
    @FunctionalInterface
    interface Conversion {
        void convert(Path source, Path target) throws IOException;
    }

    Model open(String name) throws IOException {
        Optional<Path> file = file(name);
        if (file.isPresent()) {
            return new Model(GgufFile.open(file.get()));
        }
        try (InputStream in = Objects.requireNonNull(Model.class.getResourceAsStream(EMBEDDED_FILE))) {
            return new Model(GgufFile.read(EMBEDDED_FILE, in));
        }
    }

    /** {@return a file with a prompt of a number of tokens, begin-of-sequence included} */
    Path prompt(String name, int tokens) throws IOException {
        Files.createDirectories(folder);
        Path file = folder.resolve("prompt-" + name.replace(':', '-') + "-" + tokens + ".txt");
        if (!Files.exists(file)) {
            try (Model model = open(name)) {
                Files.writeString(file, text(model.tokenizer(), tokens));
            }
        }
        return file;
    }

    static String text(Tokenizer tokenizer, int tokens) {
        String all = TEXT.repeat(MOST_REPETITIONS);
        boolean begins = tokenizer.vocabulary().addsBos();
        for (int length = Math.max(1, tokens - 2); length < all.length(); length++) {
            String text = all.substring(0, length);
            int count = tokenizer.encode(text, begins, true).length;
            if (count == tokens) {
                return text;
            }
        }
        throw new IllegalArgumentException("no prefix of the text has exactly " + tokens + " tokens");
    }
}
