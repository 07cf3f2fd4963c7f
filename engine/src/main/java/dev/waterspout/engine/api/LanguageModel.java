package dev.waterspout.engine.api;

import dev.waterspout.engine.chat.ChatMessage;
import dev.waterspout.engine.chat.ChatPrompt;
import dev.waterspout.engine.chat.ChatTemplate;
import dev.waterspout.engine.chat.Conversation;
import dev.waterspout.engine.generate.Generation;
import dev.waterspout.engine.generate.GenerationException;
import dev.waterspout.engine.generate.GenerationExtent;
import dev.waterspout.engine.generate.GenerationReport.RankWork;
import dev.waterspout.engine.generate.Generator;
import dev.waterspout.engine.generate.RankGroup;
import dev.waterspout.engine.generate.Sampler;
import dev.waterspout.engine.generate.SamplingParameters;
import dev.waterspout.engine.generate.TokenConstraint;
import dev.waterspout.engine.grammar.Grammar;
import dev.waterspout.engine.perplexity.LogProbabilities;
import dev.waterspout.engine.tokenizer.TextStream;
import java.time.Clock;
import java.time.ZoneId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A running model. Any number of threads may use it at the same time. Requests start in the order in which their
 * streams are first read; further ones wait until there is room. Any thread may close a stream. If the group spans
 * several processes, the process with rank 0 generates and scores, and all others {@link #follow}.
 */
public final class LanguageModel implements AutoCloseable {
    private final Session session;
    private final Deployment deployment;
    private final RankGroup group;
    private final Generator generator;
    private final double loadSeconds;
    /** Resources that are closed with the model, in reverse order. */
    private final Deque<AutoCloseable> owned = new ArrayDeque<>();

    private @Nullable GrammarVocabulary grammarVocabulary;
    private boolean closed;

    LanguageModel(Session session, Deployment deployment, RankGroup group, double loadSeconds) {
        this.session = session;
        this.deployment = deployment;
        this.group = group;
        this.generator = new Generator(deployment.model().tokenizer(), group);
        this.loadSeconds = loadSeconds;
    }

    /** Adds a resource that is closed with the model, before those added earlier. */
    LanguageModel owning(AutoCloseable resource) {
        owned.addLast(resource);
        return this;
    }

    /**
     * Turns a prompt into tokens: special tokens in it are parsed, and a beginning-of-text token is put first if the
     * vocabulary has one.
     *
     * @param text the prompt
     * @return one or more token ids that fit in the context
     * @throws dev.waterspout.engine.generate.GenerationException if there is no token, or the context is too small
     */
    public int[] tokenize(String text) {
        return generator.tokenize(text);
    }

    /**
     * Turns tokens into text.
     *
     * @param tokens ids
     */
    public String detokenize(int... tokens) {
        TextStream stream = deployment.model().tokenizer().stream();
        StringBuilder text = new StringBuilder();
        for (int token : tokens) {
            text.append(stream.next(token));
        }
        return text.append(stream.finish()).toString();
    }

    /**
     * Continues a prompt.
     *
     * @param prompt text
     * @param predict largest number of tokens to generate; -1 for no limit but the context
     * @param sampling sampling parameters
     * @return the continuation as a stream, which begins when it is read first; closing it ends the generation
     * @throws dev.waterspout.engine.generate.GenerationException if the prompt does not fit in the context
     */
    public Generation generate(String prompt, int predict, SamplingParameters sampling) {
        return generate(tokenize(prompt), new GenerationExtent(GenerationExtent.ANY, predict, false), sampling);
    }

    /**
     * Continues tokens.
     *
     * @param tokens ids, one or more, that fit in the context
     * @param extent number of tokens that may be taken from the cache, and the limit of the reply
     * @param sampling sampling parameters
     * @return the continuation as a stream, which begins when it is read first; closing it ends the generation
     * @throws dev.waterspout.engine.generate.GenerationException if the tokens do not fit in the context
     */
    public Generation generate(int[] tokens, GenerationExtent extent, SamplingParameters sampling) {
        return generator.begin(tokens, extent, new Sampler(sampling));
    }

    /**
     * Answers a conversation with the chat template of the model's file.
     *
     * @param messages the messages so far
     * @param options options of the reply
     * @return the reply as a stream, which begins when it is read first; closing it ends it
     * @throws dev.waterspout.engine.chat.ChatException if the file has no template, or it does not take the
     *     conversation
     * @throws dev.waterspout.engine.generate.GenerationException if the conversation does not fit in the context
     */
    public ChatReply chat(List<ChatMessage> messages, ChatOptions options) {
        return chat(Conversation.of(messages), chatTemplate(), options);
    }

    /**
     * Answers a conversation. A prefix that is in the KV cache is not computed again.
     *
     * @param conversation the messages so far
     * @param template the chat template
     * @param options options of the reply
     * @return the reply as a stream, which begins when it is read first; closing it ends it
     * @throws dev.waterspout.engine.chat.ChatException if the template does not take the conversation
     * @throws dev.waterspout.engine.generate.GenerationException if the conversation does not fit in the context
     */
    public ChatReply chat(Conversation conversation, ChatTemplate template, ChatOptions options) {
        return reply(prompt(conversation, template), options);
    }

    /**
     * Formats and tokenizes a conversation. May be called by several threads at once.
     *
     * @param conversation the messages so far
     * @param template the chat template
     * @return the tokens of the conversation
     * @throws dev.waterspout.engine.chat.ChatException if the template does not take the conversation
     * @throws dev.waterspout.engine.generate.GenerationException if the conversation does not fit in the context
     */
    public ChatPrompt prompt(Conversation conversation, ChatTemplate template) {
        ChatPrompt prompt = template.prompt(conversation, deployment.model().tokenizer());
        int length = prompt.tokens().size();
        if (length == 0 || length > group.capacity()) {
            throw new GenerationException(
                    "the conversation has " + length + " tokens; 1 to " + group.capacity() + " fit in the context");
        }
        return prompt;
    }

    /**
     * Answers a prompt. A prefix that is in the KV cache is not computed again.
     *
     * @param prompt a prompt that fits in the context
     * @param options options of the reply
     * @return the reply as a stream, which begins when it is read first; closing it ends it
     */
    public ChatReply reply(ChatPrompt prompt, ChatOptions options) {
        return reply(prompt, options, new int[0]);
    }

    /**
     * Answers a prompt whose reply an earlier attempt has begun: the reply repeats the pieces of that attempt and
     * continues as the attempt would have continued. If the options report log probabilities, all tokens are computed
     * again.
     *
     * @param prompt prompt, which must fit in the context
     * @param options how the reply is made, as they were
     * @param known first tokens of the reply, which were computed before
     * @return the reply as a stream, which begins when it is read first; closing it ends it
     */
    public ChatReply reply(ChatPrompt prompt, ChatOptions options, int[] known) {
        GenerationExtent extent = new GenerationExtent(GenerationExtent.ANY, options.predict(), false);
        Sampler sampler =
                new Sampler(options.sampling(), ContainedConstraint.of(options.constraint()), options.likeliest());
        Generation generation = generator.begin(prompt.ids(), known, extent, sampler);
        return new ChatReply(generation, deployment.model().tokenizer().vocabulary(), prompt, options.stops());
    }

    /** Returns the bytes of the model's tokens, for grammars. */
    public synchronized GrammarVocabulary grammarVocabulary() {
        if (grammarVocabulary == null) {
            grammarVocabulary = new GrammarVocabulary(deployment.model().tokenizer());
        }
        return grammarVocabulary;
    }

    /**
     * Returns a constraint that keeps one reply within a grammar.
     *
     * @param grammar grammar of all of the reply
     */
    public TokenConstraint constraint(Grammar grammar) {
        return new GrammarConstraint(grammar, grammarVocabulary());
    }

    /**
     * Returns a constraint that applies a grammar to the part of one reply after a marker text.
     *
     * @param begin the marker text
     * @param grammar grammar of the text after the marker
     * @param repeats whether free text and another marker may follow the grammar's text
     */
    public TokenConstraint constraintAfter(String begin, Grammar grammar, boolean repeats) {
        return new ConstraintAfter(
                begin,
                () -> new GrammarConstraint(grammar, grammarVocabulary()),
                repeats,
                deployment.model().tokenizer());
    }

    /**
     * Returns the chat template of the model's file.
     *
     * @throws dev.waterspout.engine.chat.ChatException if the file has none, or it is malformed
     */
    public ChatTemplate chatTemplate() {
        return ChatTemplate.from(
                deployment.model().file().metadata(),
                deployment.model().tokenizer().vocabulary(),
                Clock.system(ZoneId.systemDefault()));
    }

    /**
     * Computes the probability of a text. Runs alone, after earlier generations have ended.
     *
     * @param text at least two tokens, which fit in the context
     * @return the log-probability of every token except the first
     */
    public Score score(String text) {
        int[] tokens = tokenize(text);
        if (tokens.length < 2) {
            throw new IllegalArgumentException(
                    "text of " + tokens.length + " token; it must have at least 2 to be scored");
        }
        List<Double> found = new ArrayList<>();
        group.exclusively(() -> score(tokens, found));
        return new Score(Arrays.stream(tokens).boxed().toList(), found);
    }

    private void score(int[] tokens, List<Double> found) {
        int vocabulary = deployment.model().config().vocabulary();
        LogProbabilities logs = new LogProbabilities(group.logitRows(), vocabulary);
        for (int from = 0; from < tokens.length - 1; from += group.chunk()) {
            int[] part = Arrays.copyOfRange(tokens, from, Math.min(tokens.length - 1, from + group.chunk()));
            group.forward(part, from, false);
            for (int row = 0; row < part.length; row += group.logitRows()) {
                int rows = Math.min(group.logitRows(), part.length - row);
                group.output(row, rows);
                logs.read(group.logits(), rows);
                for (int i = 0; i < rows; i++) {
                    found.add(logs.log(i, tokens[from + row + i + 1]));
                }
            }
        }
    }

    /** Returns the generator of this model. */
    public Generator generator() {
        return generator;
    }

    /** Returns the statistics of every rank of the group so far, in rank order. */
    public List<RankWork> statistics() {
        return group.work();
    }

    /** Returns the time of loading the model onto its devices. */
    public double loadSeconds() {
        return loadSeconds;
    }

    /** Returns the model's file and shape, the plan, the devices, and the options of the ranks. */
    public Deployment deployment() {
        return deployment;
    }

    /** Returns the ranks. */
    public Session session() {
        return session;
    }

    /** Returns the model's ranks, for callers that run forward passes themselves. */
    public RankGroup group() {
        return group;
    }

    /** Returns whether rank 0, which generates and scores, is in this process. */
    public boolean leads() {
        return session.leads();
    }

    /**
     * Executes the commands of the process with rank 0 until it calls {@link #dismiss}. Called in every other process.
     */
    public void follow() {
        session.follow();
    }

    /** Ends {@link #follow} in the other processes. */
    public void dismiss() {
        group.dismiss();
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        owned.addFirst(group);
        session.closed(this);
        Waterspout.closeAll(owned);
    }
}
