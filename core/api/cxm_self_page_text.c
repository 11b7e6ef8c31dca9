/*
 * What pages of accounts say.
 */

#include "cxm_self_page.h"


const cxm_self_language_t  cxm_self_languages[CXM_SELF_LANGUAGES] = {
    { { 2, "en" }, {
      "Name", "E-mail address", "Password", "New password",
      "At least 8 characters; longer is better than complicated.",
      "Code of your app", "Or a recovery code",
      "This page needs JavaScript.",
      "{\"failed\":\"That did not work. Please try again.\","
      "\"invalid_token\":\"This link was used or is too old. Please ask for "
      "another one.\","
      "\"too_short\":\"Please choose at least 8 characters.\","
      "\"too_long\":\"That is too long.\","
      "\"breached\":\"This password is in lists of known ones. Please choose "
      "another one.\","
      "\"similar\":\"Please choose one that does not resemble your name or "
      "address.\","
      "\"wrong_credentials\":\"Address or password is wrong.\","
      "\"wrong_code\":\"This code is wrong or was used.\","
      "\"first_step\":\"That took too long. Please sign in again.\","
      "\"rate_limited\":\"Too many tries. Please wait a while.\","
      "\"account_exists\":\"There is an account of this address: please sign "
      "in.\","
      "\"address_taken\":\"Somebody else has this address by now.\"}" }, {
      { "Sign in", "", "Sign in", NULL },
      { "Create an account", "", "Create the account",
        "Please look into your mailbox: a link there goes on from here." },
      { "Confirm your address",
        "One more step, and your account is ready.", "Confirm", NULL },
      { "Forgotten your password?",
        "We send a link to set a new one, if there is an account of this "
        "address.", "Send the link",
        "Please look into your mailbox. The link is good for 10 minutes." },
      { "Set a new password",
        "You will be signed out on all devices.", "Set the password",
        NULL },
      { "Confirm your new address",
        "It becomes that of your account.", "Confirm",
        "Your account has the new address now." },
      { "Take your account back",
        "It gets its address of before again, and a new password. All "
        "devices are signed out.", "Take it back", NULL } } },
    { { 2, "de" }, {
      "Name", "E-Mail-Adresse", "Passwort", "Neues Passwort",
      "Mindestens 8 Zeichen; lang ist besser als kompliziert.",
      "Code Ihrer App", "Oder ein Wiederherstellungscode",
      "Diese Seite braucht JavaScript.",
      "{\"failed\":\"Das hat nicht geklappt. Bitte versuchen Sie es noch "
      "einmal.\","
      "\"invalid_token\":\"Dieser Link wurde schon benutzt oder ist zu alt. "
      "Bitte fordern Sie einen neuen an.\","
      "\"too_short\":\"Bitte wählen Sie mindestens 8 Zeichen.\","
      "\"too_long\":\"Das ist zu lang.\","
      "\"breached\":\"Dieses Passwort steht in Listen bekannter "
      "Passwörter. Bitte wählen Sie ein anderes.\","
      "\"similar\":\"Bitte wählen Sie eines, das Ihrem Namen oder Ihrer "
      "Adresse nicht ähnelt.\","
      "\"wrong_credentials\":\"Adresse oder Passwort ist falsch.\","
      "\"wrong_code\":\"Dieser Code ist falsch oder wurde schon benutzt.\","
      "\"first_step\":\"Das hat zu lange gedauert. Bitte melden Sie sich "
      "noch einmal an.\","
      "\"rate_limited\":\"Zu viele Versuche. Bitte warten Sie etwas.\","
      "\"account_exists\":\"Zu dieser Adresse gibt es ein Konto: Bitte "
      "melden Sie sich an.\","
      "\"address_taken\":\"Diese Adresse hat inzwischen jemand "
      "anderes.\"}" }, {
      { "Anmelden", "", "Anmelden", NULL },
      { "Konto anlegen", "", "Konto anlegen",
        "Bitte sehen Sie in Ihr Postfach: Dort geht es mit einem Link "
        "weiter." },
      { "Adresse bestätigen",
        "Nur noch ein Schritt, dann ist Ihr Konto bereit.", "Bestätigen",
        NULL },
      { "Passwort vergessen?",
        "Wir senden einen Link, mit dem Sie ein neues setzen, falls es zu "
        "dieser Adresse ein Konto gibt.", "Link senden",
        "Bitte sehen Sie in Ihr Postfach. Der Link gilt 10 Minuten." },
      { "Neues Passwort setzen",
        "Sie werden auf allen Geräten abgemeldet.", "Passwort setzen",
        NULL },
      { "Neue Adresse bestätigen",
        "Sie wird die Adresse Ihres Kontos.", "Bestätigen",
        "Ihr Konto hat jetzt die neue Adresse." },
      { "Konto zurückholen",
        "Es bekommt wieder die Adresse von vorher und ein neues Passwort. "
        "Alle Geräte werden abgemeldet.", "Zurückholen", NULL } } }
};
