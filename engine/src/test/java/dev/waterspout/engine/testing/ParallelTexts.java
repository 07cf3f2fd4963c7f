package dev.waterspout.engine.testing;

import dev.waterspout.engine.api.Context;
import dev.waterspout.engine.api.Events;
import dev.waterspout.engine.api.Exchange;
import dev.waterspout.engine.api.Formats;
import dev.waterspout.engine.api.LanguageModel;
import dev.waterspout.engine.api.Options;
import dev.waterspout.engine.api.Ranks;
import dev.waterspout.engine.api.Session;
import dev.waterspout.engine.api.Waterspout;
import dev.waterspout.engine.generate.Generation;
import dev.waterspout.engine.generate.GenerationExtent;
import dev.waterspout.engine.generate.SamplingParameters;
import dev.waterspout.engine.model.Model;
import dev.waterspout.kernels.codec.WireFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Sixteen texts of the embedded model on two ranks: the continuation of each prompt, one per line. */
public final class ParallelTexts {
    private static final int TEXTS = 16;
    private static final int PREDICT = 12;
    private static final List<String> BEGINNINGS =
            List.of("We the people", "Four score and seven years ago our fathers", "It was", "When in the course of");

    private ParallelTexts() {}

    /**
     * Prints the texts. In a group of processes that a launcher started, only rank 0 prints.
     *
     * @param arguments wire format, number of parallel sequences, positions of the KV cache, and number of cached
     *     tokens that may be reused
     */
    public static void main(String[] arguments) {
        String texts = write(
                arguments[0],
                Integer.parseInt(arguments[1]),
                Integer.parseInt(arguments[2]),
                Integer.parseInt(arguments[3]));
        System.out.print(texts);
        System.out.flush();
    }

    /** {@return the texts; empty in a process other than rank 0} */
    public static String write(String format, int sequences, int cachePositions, int reuse) {
        Options options = Options.DEFAULT
                .withRanks(Ranks.of(2))
                .withContext(Context.DEFAULT.withPositions(200).withSequences(sequences, cachePositions))
                .withExchange(Exchange.DEFAULT.withFormats(new Formats.Fixed(WireFormat.parse(format))));
        try (Session session = Session.join(options, Events.NONE);
                Model model = Waterspout.open(Optional.empty());
                LanguageModel running = session.load(model, options)) {
            if (!running.leads()) {
                running.follow();
                return "";
            }
            List<Generation> generations = IntStream.range(0, TEXTS)
                    .mapToObj(i -> running.generate(
                            running.tokenize(prompt(i)),
                            new GenerationExtent(reuse, PREDICT, true),
                            SamplingParameters.greedy()))
                    .toList();
            running.generator().beginTogether(generations);
            StringBuilder texts = new StringBuilder();
            for (Generation generation : generations) {
                texts.append(String.join("", generation).replace("\n", "\\n")).append('\n');
            }
            running.dismiss();
            return texts.toString();
        }
    }

    /** Prompts of up to about 180 tokens, some of which share a prefix. */
    private static String prompt(int number) {
        String beginning = BEGINNINGS.get(number % BEGINNINGS.size());
        return (beginning + ", ").repeat(1 + number / BEGINNINGS.size() * 3) + beginning;
    }
}
