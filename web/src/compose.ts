// Compose and edit: the form of the page, made better. What is written is never lost: the draft is kept until it is
// shared, and every failure leaves the text where it is. Each subject has its file in compose/, which alone changes its
// state; who wants to know of a change of the text says so (onTextChange).

import { restoreDraft } from "./compose/draft";
import "./compose/files";
import { mountInTime } from "./compose/mounting";
import "./compose/pasting";
import "./compose/preview";
import { measure } from "./compose/size";

restoreDraft();
measure();
mountInTime();
