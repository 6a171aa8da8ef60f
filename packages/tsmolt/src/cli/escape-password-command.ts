import { Command } from 'commander';

/** `tsmolt escape-password`: a password in the form that a connection string takes. */
export function escapePasswordCommand(): Command {
  return new Command('escape-password')
    .description('Percent-encode a password for use in a connection string.')
    .requiredOption('--password <password>', 'the password as it is')
    .addHelpText('after', `\nExample:\n  tsmolt escape-password --password 'a$52&'`)
    .action(({ password }: { readonly password: string }) => {
      process.stdout.write(
        `Substitute the following encoded password in your original connection url string:\n${escapePassword(password)}\n`,
      );
    });
}

/** More than `encodeURIComponent` does: what it leaves alone, some drivers' URL parsers do not. */
export function escapePassword(password: string): string {
  return encodeURIComponent(password).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
