package dev.waterspout.engine.generate;

import dev.waterspout.engine.batch.Step;
import dev.waterspout.engine.batch.Step.BlockCopy;
import dev.waterspout.engine.batch.Step.Chunk;
import dev.waterspout.engine.batch.Step.TableChange;
import dev.waterspout.engine.logits.LogitsRequest;
import dev.waterspout.interconnect.collective.ControlChannel;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A command of the process with rank 0 to the others. Its message has 14 words, the last nine of which are a request
 * for logits. Named tokens of the request, and steps other than one token in slot 0, follow in a second frame. So a
 * token of one sequence takes one message if no logits are adjusted.
 */
sealed interface Order {
    /** Report the statistics so far. */
    Order REPORT = new Signal(2);
    /** End of the commands. */
    Order END = new Signal(3);

    /** Words of every order: code, number of the group, three that depend on the order, and the request for logits. */
    int WORDS = 5 + LogitsRequest.FIXED_WORDS;

    int REQUEST_AT = 5;
    int CODE_STEP = 1;
    int CODE_OUTPUT = 4;
    int CODE_GATHER = 5;

    /** An order, and the number of the group that it is for. */
    record Addressed(int group, Order order) {}

    /**
     * Run a forward pass. Its words: the number of words of the step; if that is not 0, whether rows are computed while
     * the partials of others are exchanged; otherwise the position and the id of the only token. The numbers of
     * sequences are not sent.
     *
     * @param step rows to compute
     * @param wanted the form of the logits that rank 0 needs for each chunk with some
     * @param overlap whether some rows are computed while the partials of others are exchanged
     */
    record Run(Step step, List<LogitsRequest> wanted, boolean overlap) implements Order {
        @Override
        public void send(ControlChannel control, int group) {
            Chunk first = step.chunks().getFirst();
            if (step.rows() == 1
                    && first.slot() == 0
                    && step.tables().isEmpty()
                    && step.copies().isEmpty()) {
                int token = first.tokens().getFirst();
                LogitsRequest request = wanted.isEmpty() ? LogitsRequest.NONE : wanted.getFirst();
                Order.send(control, new int[] {CODE_STEP, group, 0, first.position(), token}, request, List.of());
                return;
            }
            List<Integer> words = words(step);
            for (LogitsRequest request : wanted) {
                Arrays.stream(request.toWords()).forEach(words::add);
            }
            Order.send(
                    control, new int[] {CODE_STEP, group, words.size(), overlap ? 1 : 0, 0}, LogitsRequest.NONE, words);
        }

        private static Run ofOne(int position, int token, LogitsRequest request) {
            boolean wantsLogits = request.extent() != LogitsRequest.Extent.NONE;
            Chunk chunk = new Chunk(0, 0, position, List.of(token), wantsLogits);
            return new Run(
                    new Step(List.of(), List.of(), List.of(chunk)), wantsLogits ? List.of(request) : List.of(), false);
        }

        private static Run ofWords(IntBuffer words, boolean overlap) {
            Step step = step(words);
            List<LogitsRequest> wanted = new ArrayList<>();
            for (Chunk chunk : step.chunks()) {
                if (chunk.wantsLogits()) {
                    int[] fixed = new int[LogitsRequest.FIXED_WORDS];
                    words.get(words.position(), fixed);
                    int[] all = new int[fixed.length + LogitsRequest.namedTokens(fixed)];
                    words.get(all);
                    wanted.add(LogitsRequest.ofWords(all));
                }
            }
            return new Run(step, wanted, overlap);
        }

        /**
         * {@return a step as words} Three counts; per table its slot, index, number of blocks, and the blocks, and
         * number and blocks of layers with a sliding window; per copy its two blocks, and the two of layers with a
         * sliding window; per chunk its slot, position, whether logits are wanted, number of tokens, and the tokens.
         */
        static List<Integer> words(Step step) {
            List<Integer> words = new ArrayList<>(List.of(
                    step.tables().size(), step.copies().size(), step.chunks().size()));
            for (TableChange table : step.tables()) {
                words.addAll(List.of(table.slot(), table.index(), table.blocks().size()));
                words.addAll(table.blocks());
                words.add(table.windowed().size());
                words.addAll(table.windowed());
            }
            for (BlockCopy copy : step.copies()) {
                words.addAll(List.of(copy.from(), copy.to(), copy.windowedFrom(), copy.windowedTo()));
            }
            for (Chunk chunk : step.chunks()) {
                words.addAll(List.of(
                        chunk.slot(),
                        chunk.position(),
                        chunk.wantsLogits() ? 1 : 0,
                        chunk.tokens().size()));
                words.addAll(chunk.tokens());
            }
            return words;
        }

        /** {@return the step that {@link #words} wrote, with 0 for every sequence's number} */
        static Step step(IntBuffer words) {
            int tableCount = words.get();
            int copyCount = words.get();
            int chunkCount = words.get();
            List<TableChange> tables = new ArrayList<>();
            for (int i = 0; i < tableCount; i++) {
                tables.add(new TableChange(words.get(), words.get(), list(words), list(words)));
            }
            List<BlockCopy> copies = new ArrayList<>();
            for (int i = 0; i < copyCount; i++) {
                copies.add(new BlockCopy(words.get(), words.get(), words.get(), words.get()));
            }
            List<Chunk> chunks = new ArrayList<>();
            for (int i = 0; i < chunkCount; i++) {
                int slot = words.get();
                int position = words.get();
                boolean wantsLogits = words.get() == 1;
                chunks.add(new Chunk(0, slot, position, list(words), wantsLogits));
            }
            return new Step(tables, copies, chunks);
        }

        private static List<Integer> list(IntBuffer words) {
            List<Integer> list = new ArrayList<>();
            for (int left = words.get(); left > 0; left--) {
                list.add(words.get());
            }
            return list;
        }
    }

    /** Gather more of a token's logits. Its word: the row of the token among those whose logits were asked for. */
    record Gather(int row, LogitsRequest wanted) implements Order {
        @Override
        public void send(ControlChannel control, int group) {
            Order.send(control, new int[] {CODE_GATHER, group, row, 0, 0}, wanted, List.of());
        }
    }

    /** Compute logits of the last chunk. Its words: the first row, and how many. */
    record Output(int first, int rows) implements Order {
        @Override
        public void send(ControlChannel control, int group) {
            Order.send(control, new int[] {CODE_OUTPUT, group, first, rows, 0}, LogitsRequest.NONE, List.of());
        }
    }

    /** An order without arguments. */
    record Signal(int code) implements Order {
        @Override
        public void send(ControlChannel control, int group) {
            Order.send(control, new int[] {code, group, 0, 0, 0}, LogitsRequest.NONE, List.of());
        }
    }

    /**
     * Sends this order from the root to all other ranks.
     *
     * @param control the root's
     * @param group number of the group that it is for
     */
    void send(ControlChannel control, int group);

    private static void send(ControlChannel control, int[] head, LogitsRequest wanted, List<Integer> more) {
        IntStream request = Arrays.stream(wanted.toWords());
        int[] all = IntStream.concat(
                        Arrays.stream(head),
                        IntStream.concat(request, more.stream().mapToInt(Integer::intValue)))
                .toArray();
        control.send(Arrays.copyOf(all, WORDS));
        if (all.length > WORDS) {
            control.send(Arrays.copyOfRange(all, WORDS, all.length));
        }
    }

    /** Waits for the root's next order. */
    static Addressed receive(ControlChannel control) {
        int[] words = control.receive(WORDS);
        int[] request = Arrays.copyOfRange(words, REQUEST_AT, WORDS);
        int named = LogitsRequest.namedTokens(request);
        int body = words[0] == CODE_STEP ? words[2] : 0;
        int[] rest = named + body > 0 ? control.receive(named + body) : new int[0];
        LogitsRequest wanted =
                LogitsRequest.ofWords(IntStream.concat(Arrays.stream(request), Arrays.stream(rest, 0, named))
                        .toArray());
        Order order = switch (words[0]) {
            case CODE_STEP ->
                body == 0
                        ? Run.ofOne(words[3], words[4], wanted)
                        : Run.ofWords(IntBuffer.wrap(rest, named, body).slice(), words[3] == 1);
            case 2 -> REPORT;
            case 3 -> END;
            case CODE_OUTPUT -> new Output(words[2], words[3]);
            case CODE_GATHER -> new Gather(words[2], wanted);
            default -> throw new IllegalStateException("order " + words[0] + " is not within 1 to 5");
        };
        return new Addressed(words[1], order);
    }
}
