/**
 * Conversations: messages, chat templates, prompts in which user text cannot become control tokens, and the parsing of
 * replies.
 */
@NullMarked
package dev.waterspout.engine.chat;

import org.jspecify.annotations.NullMarked;
