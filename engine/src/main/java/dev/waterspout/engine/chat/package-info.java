/**
 * Conversations: messages, chat templates, prompts of tokens in which users cannot write control tokens, and replies.
 */
@NullMarked
package dev.waterspout.engine.chat;

import org.jspecify.annotations.NullMarked;
