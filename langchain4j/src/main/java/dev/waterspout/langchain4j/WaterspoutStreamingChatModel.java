package dev.waterspout.langchain4j;

import dev.langchain4j.internal.InternalStreamingChatResponseHandlerUtils;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.CompleteToolCall;
import dev.langchain4j.model.chat.response.PartialToolCall;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.chat.response.StreamingHandle;
import dev.waterspout.engine.api.ChatReply;
import dev.waterspout.engine.api.LanguageModel;
import dev.waterspout.engine.chat.ChatDelta;
import dev.waterspout.engine.chat.ToolCalls;
import java.util.List;

/**
 * A chat model of LangChain4j that streams replies, on a virtual thread for each request. Any number of threads may
 * use it, and several chat models may share one language model.
 */
public final class WaterspoutStreamingChatModel extends ModelDefaults implements StreamingChatModel {
    /**
     * @param model the language model; its owner closes it after the last use of this chat model
     * @param settings defaults of requests
     */
    public WaterspoutStreamingChatModel(LanguageModel model, ModelSettings settings) {
        super(model, settings);
    }

    @Override
    public void doChat(ChatRequest request, StreamingChatResponseHandler handler) {
        ChatReply reply = requests.begin(request);
        var _ = Thread.ofVirtual().name("waterspout-stream").start(() -> answer(reply, handler));
    }

    private void answer(ChatReply reply, StreamingChatResponseHandler handler) {
        Cancelling handle = new Cancelling(reply);
        try (reply) {
            ToolCalls calls = new ToolCalls();
            for (ChatDelta delta : reply) {
                if (handle.isCancelled()) {
                    return;
                }
                hand(delta, calls, handler, handle);
            }
            if (handle.isCancelled()) {
                return;
            }
            List<ToolCalls.Written> written = calls.whole();
            // The reply may have ended within a call, which is then incomplete.
            if (!written.isEmpty() && written.size() == calls.written().size()) {
                complete(written, handler);
            }
            InternalStreamingChatResponseHandlerUtils.onCompleteResponse(handler, requests.response(reply, written));
        } catch (RuntimeException | Error failure) {
            InternalStreamingChatResponseHandlerUtils.withLoggingExceptions(() -> handler.onError(failure));
        }
    }

    private static void hand(
            ChatDelta delta, ToolCalls calls, StreamingChatResponseHandler handler, StreamingHandle handle) {
        switch (delta.kind()) {
            case TEXT -> InternalStreamingChatResponseHandlerUtils.onPartialResponse(handler, delta.text(), handle);
            case REASONING ->
                InternalStreamingChatResponseHandlerUtils.onPartialThinking(handler, delta.text(), handle);
            case TOOL_CALL -> {
                if (!calls.written().isEmpty()) {
                    complete(calls.written(), handler);
                }
                calls.take(delta);
            }
            case TOOL_ARGUMENTS -> {
                calls.take(delta);
                ToolCalls.Written call = calls.written().getLast();
                InternalStreamingChatResponseHandlerUtils.onPartialToolCall(
                        handler,
                        PartialToolCall.builder()
                                .index(calls.written().size() - 1)
                                .id(call.id())
                                .name(call.name())
                                .partialArguments(delta.text())
                                .build(),
                        handle);
            }
        }
    }

    /** Reports that the last call is complete. */
    private static void complete(List<ToolCalls.Written> calls, StreamingChatResponseHandler handler) {
        InternalStreamingChatResponseHandlerUtils.onCompleteToolCall(
                handler, new CompleteToolCall(calls.size() - 1, ChatRequests.call(calls.getLast())));
    }

    /** Ends a reply before its next forward pass. Its handler is not called again. */
    private static final class Cancelling implements StreamingHandle {
        private final ChatReply reply;
        private volatile boolean cancelled;

        private Cancelling(ChatReply reply) {
            this.reply = reply;
        }

        @Override
        public void cancel() {
            cancelled = true;
            reply.close();
        }

        @Override
        public boolean isCancelled() {
            return cancelled;
        }
    }
}
