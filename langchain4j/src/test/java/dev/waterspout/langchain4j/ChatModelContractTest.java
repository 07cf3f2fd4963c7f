package dev.waterspout.langchain4j;

import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.common.AbstractChatModelIT;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.waterspout.engine.api.LanguageModel;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;

/**
 * LangChain4j's contract of chat models. The test model only continues speeches, so tests of its knowledge, its choice
 * of tools and its compliance with instructions are disabled.
 */
@Timeout(600)
class ChatModelContractTest extends AbstractChatModelIT {
    private static LanguageModel model;

    @BeforeAll
    static void load() {
        model = Orator.load();
    }

    @AfterAll
    static void close() {
        model.close();
    }

    private static ChatModel with(ChatRequestParameters parameters) {
        return new WaterspoutChatModel(model, Orator.settings(model).withParameters(parameters));
    }

    @Override
    protected List<ChatModel> models() {
        return List.of(with(ChatRequestParameters.builder().maxOutputTokens(20).build()));
    }

    @Override
    protected ChatModel createModelWith(ChatRequestParameters parameters) {
        return with(parameters);
    }

    @Override
    protected ChatRequestParameters createIntegrationSpecificParameters(int maxOutputTokens) {
        return ChatRequestParameters.builder().maxOutputTokens(maxOutputTokens).build();
    }

    @Override
    protected boolean supportsModelNameParameter() {
        return false;
    }

    @Override
    protected boolean assertResponseId() {
        return false;
    }

    @Override
    protected boolean supportsTools() {
        return true;
    }

    @Override
    protected boolean supportsSingleImageInputAsBase64EncodedString() {
        return false;
    }

    @Override
    protected boolean supportsMultipleImageInputsAsBase64EncodedStrings() {
        return false;
    }

    @Override
    protected boolean supportsSingleImageInputAsPublicURL() {
        return false;
    }

    @Override
    protected boolean supportsMultipleImageInputsAsPublicURLs() {
        return false;
    }

    // The following tests need a model with knowledge or one that follows instructions. An override without a test's
    // annotation disables them.

    @Override
    protected void should_respect_user_message(ChatModel asked) {}

    @Override
    protected void should_respect_system_message(ChatModel asked) {}

    @Override
    protected void should_respect_multiple_messages(ChatModel asked) {}

    @Override
    protected void should_respect_stopSequences_in_chat_request(ChatModel asked) {}

    @Override
    protected void should_respect_stopSequences_in_default_model_parameters() {}

    @Override
    protected void should_execute_a_tool_then_answer(ChatModel asked) {}

    @Override
    protected void should_execute_a_tool_without_arguments_then_answer(ChatModel asked) {}

    @Override
    protected void should_execute_multiple_tools_in_parallel_then_answer(ChatModel asked) {}

    @Override
    protected void should_force_LLM_to_execute_any_tool(ChatModel asked) {}

    @Override
    protected void should_force_LLM_to_execute_specific_tool(ChatModel asked) {}

    @Override
    protected void should_respect_JSON_response_format(ChatModel asked) {}

    @Override
    protected void should_respect_JSON_response_format_with_schema(ChatModel asked) {}

    @Override
    protected void should_respect_JsonRawSchema_responseFormat(ChatModel asked) {}

    @Override
    protected void should_execute_a_tool_then_answer_respecting_JSON_response_format_with_schema(ChatModel asked) {}
}
