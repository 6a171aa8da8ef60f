import type { AnswerText, Entrance, WriteText } from '../wire/messages.js';
import { installConsole } from './console.js';
import { dispatch } from './dispatch.js';
import { linesOf, parse, ready, stringify } from './host.js';
import { abandonWrite, answerCall, beginWrite } from './write-run.js';
import { registered } from './registry.js';
import { writeBooleansAs } from './values.js';

installConsole();
ready(enter);

/** Every way into the sandbox: text in, text out. */
function enter(entrance: Entrance, text: string): string {
  switch (entrance) {
    case 'registered':
      writeBooleansAs(parse(text) as [string, string]);
      return stringify(registered());
    case 'dispatch':
      return stringify(dispatch(linesOf(text)));
    case 'write':
      beginWrite(parse(text) as WriteText);
      return '';
    case 'answer':
      answerCall(parse(text) as AnswerText);
      return '';
    case 'abandon':
      abandonWrite();
      return '';
  }
}
