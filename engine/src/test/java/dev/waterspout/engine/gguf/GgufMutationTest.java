package dev.waterspout.engine.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.forward.ShardWeights;
import dev.waterspout.engine.gguf.GgufMutator.Damage;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.model.ModelException;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.engine.plan.Split;
import dev.waterspout.engine.tokenizer.TokenizerException;
import dev.waterspout.kernels.testing.Pairwise;
import dev.waterspout.kernels.testing.TestData;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.nio.file.Files;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Damaged model files are refused with one sentence, or are consistent: every tensor is within the file, overlaps no
 * other, and has the size that its type and shape require.
 */
class GgufMutationTest {
    private static final int QUICK = 1_400;
    private static final int ALL = 1_000_000;
    private static final int MOST_CHARACTERS = 2_000;

    private static final List<String> FILES = List.of(
            "stories260K.gguf",
            "orator-q8_0.gguf",
            "types/tb-q4_K.gguf",
            "types/tb-q6_K.gguf",
            "arch/gemma2.gguf",
            "arch/llama3rope.gguf",
            "arch/phi3.gguf",
            "arch/qwen2.gguf",
            "arch/qwen3-tied.gguf");

    private static final Pattern SENTENCE = Pattern.compile("\\S+ [^\\p{Cntrl}]+");
    private static final Pattern CONTROL = Pattern.compile("\\p{Cntrl}");
    private static final Pattern CLASS_NAME = Pattern.compile("Exception|Error|java\\.|dev\\.waterspout");
    private static final Pattern TEXT = Pattern.compile("\"[^\"]*\"?|'[^']*'|\\[[^]]*]|[\\w.]*\\w\\.\\w[\\w.]*");
    private static final Pattern NUMBER = Pattern.compile("-?\\d+|0x[0-9a-f]+");

    /** Outcome of a case. */
    private enum Outcome {
        RUNS,
        NO_MODEL,
        REFUSED,
        FAILED
    }

    /** Outcomes of many cases. */
    private static final class Outcomes {
        final Map<Damage, Map<Outcome, Integer>> byDamage = new EnumMap<>(Damage.class);
        /** Number of occurrences of each message, without its names and numbers. */
        final Map<String, Integer> sentences = new HashMap<>();
        /** The first case of each kind of failure. */
        final Map<String, String> failures = new TreeMap<>();

        void print() {
            byDamage.forEach((damage, counts) -> System.out.println(damage + " " + counts));
            sentences.entrySet().stream()
                    .sorted(Map.Entry.<String, Integer>comparingByValue().reversed())
                    .forEach(each -> System.out.println(each.getValue() + " x " + each.getKey()));
            failures.forEach((kind, first) -> System.out.println(kind + " first in " + first));
        }
    }

    @Test
    void damagedFilesAreRefusedOrConsistent() {
        Outcomes outcomes = run(1, QUICK);
        assertThat(outcomes.failures).isEmpty();
        assertThat(outcomes.byDamage.keySet()).containsExactlyInAnyOrder(Damage.values());
        assertThat(outcomes.byDamage.get(Damage.EDGE_VALUE))
                .containsKeys(Outcome.RUNS, Outcome.NO_MODEL, Outcome.REFUSED);
    }

    @Test
    void aKeyOfAWrongTypeIsListedAsAProblem() {
        byte[] bytes = GgufBytes.header(3, 0, 1)
                .key("general.architecture", GgufValueType.UINT32)
                .u32(7)
                .build();
        try (GgufFile file = GgufFile.read("odd.gguf", new ByteArrayInputStream(bytes))) {
            assertThat(Model.problems(file))
                    .containsExactly("odd.gguf: metadata key \"general.architecture\" has the type uint32; a string is"
                            + " wanted");
        }
    }

    @Test
    @Tag(Pairwise.EXHAUSTIVE)
    @Timeout(7_200)
    void aMillionDamagedFilesAreRefusedOrConsistent() {
        long start = System.nanoTime();
        Outcomes outcomes = run(0, ALL);
        System.out.println(ALL + " damaged files in " + (System.nanoTime() - start) / 1_000_000_000 + " s");
        outcomes.print();
        assertThat(outcomes.failures).isEmpty();
    }

    private static Outcomes run(long seed, int cases) {
        Outcomes outcomes = new Outcomes();
        try (Arena arena = Arena.ofConfined()) {
            List<GgufMutator> files = FILES.stream()
                    .map(name -> new GgufMutator(bytes(name), arena))
                    .toList();
            Random random = new Random(seed);
            Damage[] kinds = Damage.values();
            for (int i = 0; i < cases; i++) {
                int file = i / kinds.length % files.size();
                Damage damage = kinds[i % kinds.length];
                Outcome outcome;
                try {
                    outcome = open(files.get(file).next(damage, random), outcomes);
                } catch (Throwable failure) { // failures of any kind are reported with their case
                    outcome = Outcome.FAILED;
                    String at = failure.getStackTrace().length == 0 ? "" : failure.getStackTrace()[0].toString();
                    outcomes.failures.putIfAbsent(
                            failure.getClass().getName() + " at " + at,
                            "case " + i + ", " + damage + " of " + FILES.get(file) + ": " + failure.getMessage());
                }
                outcomes.byDamage
                        .computeIfAbsent(damage, _ -> new EnumMap<>(Outcome.class))
                        .merge(outcome, 1, Integer::sum);
            }
        }
        return outcomes;
    }

    private static byte[] bytes(String name) {
        try {
            return Files.readAllBytes(TestData.require(name));
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    @SuppressWarnings("MustBeClosedChecker") // the open file closes the arena, in which nothing lies
    private static Outcome open(MemorySegment bytes, Outcomes outcomes) {
        GgufFile file;
        try {
            file = GgufFile.of("damaged.gguf", bytes, Arena.ofConfined());
        } catch (GgufException refused) {
            String sentence = String.valueOf(refused.getMessage());
            require(sentence.startsWith("damaged.gguf: "), sentence);
            count(sentence, outcomes);
            return Outcome.REFUSED;
        }
        try (file) {
            checkTensors(file, bytes.byteSize());
            for (String key : file.metadata().keys()) {
                String line = Printable.line(key)
                        + file.metadata().value(key).orElseThrow().render();
                require(!CONTROL.matcher(line).find(), line);
            }
            return model(file, outcomes);
        }
    }

    private static Outcome model(GgufFile file, Outcomes outcomes) {
        Model model;
        try {
            model = new Model(file);
        } catch (ModelException | TokenizerException | GgufException refused) {
            String sentence = String.valueOf(refused.getMessage());
            count(sentence, outcomes);
            List<String> all = Model.problems(file);
            require(all.contains(sentence), all);
            all.forEach(GgufMutationTest::requireSentence);
            return Outcome.NO_MODEL;
        }
        ShardWeights weights = ShardWeights.shapes(
                model, ShardPlan.of(model, 1, Split.EQUAL).shards().getFirst());
        require(weights.bytes() > 0 && weights.bytes() <= file.fileBytes(), weights.bytes());
        for (int token : model.tokenizer().encode("Once upon a time", true, false)) {
            require(token >= 0 && token < model.config().vocabulary(), token);
        }
        return Outcome.RUNS;
    }

    /** Computes the sizes again with integers that cannot overflow. */
    private static void checkTensors(GgufFile file, long fileBytes) {
        long end = 0;
        List<GgufTensor> byOffset = file.tensors().stream()
                .sorted(Comparator.comparingLong(GgufTensor::offset))
                .toList();
        for (GgufTensor tensor : byOffset) {
            BigInteger elements = BigInteger.ONE;
            for (long dimension : tensor.dimensions()) {
                require(dimension > 0, tensor);
                elements = elements.multiply(BigInteger.valueOf(dimension));
            }
            BigInteger bytes = elements.multiply(
                            BigInteger.valueOf(tensor.type().blockBytes()))
                    .divide(BigInteger.valueOf(tensor.type().blockElements()));
            require(BigInteger.valueOf(tensor.bytes()).equals(bytes), tensor);
            require(tensor.offset() >= end, tensor);
            end = tensor.offset() + tensor.bytes();
            require(end >= tensor.offset() && end <= fileBytes, tensor);
            require(file.data(tensor).byteSize() == tensor.bytes(), tensor);
        }
    }

    private static void count(String sentence, Outcomes outcomes) {
        requireSentence(sentence);
        String kind = NUMBER.matcher(TEXT.matcher(sentence).replaceAll("_")).replaceAll("N");
        outcomes.sentences.merge(kind, 1, Integer::sum);
    }

    private static void requireSentence(String sentence) {
        require(SENTENCE.matcher(sentence).matches(), sentence);
        require(!CLASS_NAME.matcher(sentence).find(), sentence);
        require(sentence.length() < MOST_CHARACTERS, sentence);
    }

    /** Cheaper than an assertion of AssertJ, which takes longer than reading a header. */
    private static void require(boolean holds, Object subject) {
        if (!holds) {
            throw new AssertionError(subject);
        }
    }
}
