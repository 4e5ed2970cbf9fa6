// What each receiver takes, by the types that its vendor or its users publish.
import type { chat_v1 } from "@googleapis/chat";
import type { ApiMethods } from "@grammyjs/types/methods";
import type { IAdaptiveCard } from "@microsoft/teams.cards";
import type { EventPayloadV2 } from "@pagerduty/pdjs/build/src/events";
import type { ChatPostMessageArguments } from "@slack/web-api";
import type { IncomingWebhookSendArguments } from "@slack/webhook";
import type { RESTPostAPIWebhookWithTokenJSONBody } from "discord-api-types/v10";

// PagerDuty documents `client` and `client_url`, and wants a payload of a trigger alone; its package knows neither.
type Triggered = EventPayloadV2 & { event_action: "trigger"; client?: string; client_url?: string };
type Ended = Omit<EventPayloadV2, "payload"> & { event_action: "acknowledge" | "resolve"; dedup_key: string };
// Microsoft's documentation writes "Full", and its package "full".
type Card = Omit<IAdaptiveCard, "msteams"> & { msteams: { width: "Full" } };

export type Body = {
    discord: RESTPostAPIWebhookWithTokenJSONBody;
    google_chat: chat_v1.Schema$Message;
    pagerduty: Triggered | Ended;
    slack: IncomingWebhookSendArguments;
    slack_bot: ChatPostMessageArguments;
    teams: Card;
    telegram: Parameters<ApiMethods<never>["sendMessage"]>[0];
};
