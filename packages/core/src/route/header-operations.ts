/**
 * One change to a list of headers: `set` replaces all of a name by one, `set-if-present` only where there is
 * one already, `add` puts one more, `add-if-absent` only where there is none, `remove` takes all away
 * (`HeaderValueOption.append_action`). Names are in lower case.
 */
export type HeaderOperation =
  | {
      readonly kind: 'set' | 'set-if-present' | 'add' | 'add-if-absent';
      readonly name: string;
      readonly value: string;
    }
  | { readonly kind: 'remove'; readonly name: string };
