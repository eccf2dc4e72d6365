// A snippet in a frame on another site.

import { highlightWhenIdle } from "./highlight";

highlightWhenIdle();
