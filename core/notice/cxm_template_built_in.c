/*
 * Templates: their fields, and the texts that come with the program.
 *
 * What goes to an address that is not proved to be the reader's has nothing
 * in it that a stranger has typed: it would carry anything to anybody.
 */

#include "cxm_template.h"


#define BIT(field)  (1u << CXM_TEMPLATE_ ## field)

const cxm_template_field_t  cxm_template_field[CXM_TEMPLATE_FIELDS] = {
    [CXM_TEMPLATE_SITE] = {
        { .name = "site", .type = CXM_FIELD_STRING,
          .summary = "host of the site" }, 1, NULL },
    [CXM_TEMPLATE_RECIPIENT] = {
        { .name = "recipient", .type = CXM_FIELD_EMAIL,
          .summary = "address that the message goes to" }, 1, NULL },
    [CXM_TEMPLATE_MINUTES] = {
        { .name = "minutes", .type = CXM_FIELD_INT,
          .summary = "for how long it is of use" }, 1, NULL },
    [CXM_TEMPLATE_HOURS] = {
        { .name = "hours", .type = CXM_FIELD_INT,
          .summary = "the same in hours" }, 1, NULL },
    [CXM_TEMPLATE_NAME] = {
        { .name = "name", .type = CXM_FIELD_STRING, .min = 1, .max = 200,
          .summary = "of the person; where it is not known, the address" },
        0, "\"Ann Example\"" },
    [CXM_TEMPLATE_LINK] = {
        { .name = "link", .type = CXM_FIELD_URL,
          .summary = "where to go on; where there is none, the site" },
        0, "\"/account\"" },
    [CXM_TEMPLATE_AT] = {
        { .name = "at", .type = CXM_FIELD_TIME,
          .summary = "when it happened, UTC" },
        0, "\"2026-01-31T09:30:00Z\"" },
    [CXM_TEMPLATE_DEVICE] = {
        { .name = "device", .type = CXM_FIELD_STRING, .min = 1, .max = 200,
          .summary = "what it happened with" },
        0, "\"Firefox on Linux\"" },
    [CXM_TEMPLATE_PLACE] = {
        { .name = "place", .type = CXM_FIELD_STRING, .min = 1, .max = 200,
          .summary = "country, or more of where" },
        0, "\"Germany\"" }
};


/* --- texts -------------------------------------------------------------- */

static const cxm_template_text_t  verify_texts[] = {
    { "en", {
      "Please confirm your address for {{site}}",

      "Hello,\n\n"
      "somebody, most likely you, has registered at {{site}} with this "
      "address.\n\n"
      "To confirm that it is yours, please open this link within {{hours}} "
      "hours:\n\n"
      "{{link}}\n\n"
      "If it was not you, there is nothing to do: without this step there "
      "will be no account.\n" } },
    { "de", {
      "Bitte bestätigen Sie Ihre Adresse für {{site}}",

      "Guten Tag,\n\n"
      "mit dieser Adresse hat sich jemand bei {{site}} registriert, "
      "vermutlich Sie selbst.\n\n"
      "Zur Bestätigung öffnen Sie bitte innerhalb von "
      "{{hours}} Stunden diesen Link:\n\n"
      "{{link}}\n\n"
      "Falls Sie das nicht waren, brauchen Sie nichts zu tun: Ohne diesen "
      "Schritt entsteht kein Konto.\n" } },
    { .language = NULL }
};

static const cxm_template_text_t  taken_texts[] = {
    { "en", {
      "You already have an account at {{site}}",

      "Hello,\n\n"
      "somebody, most likely you, wanted to register at {{site}} with this "
      "address. There is an account of this address already, so no other "
      "one was made.\n\n"
      "Please sign in as usual. If you no longer know your password, ask "
      "for a new one there:\n\n"
      "{{link}}\n\n"
      "If it was not you, there is nothing to do: your account is as it "
      "was, and nobody was told that there is one.\n" } },
    { "de", {
      "Sie haben bereits ein Konto bei {{site}}",

      "Guten Tag,\n\n"
      "mit dieser Adresse wollte sich jemand bei {{site}} registrieren, "
      "vermutlich Sie selbst. Es gibt zu dieser Adresse bereits ein Konto, "
      "deshalb wurde kein weiteres angelegt.\n\n"
      "Bitte melden Sie sich wie gewohnt an. Falls Sie Ihr Passwort nicht "
      "mehr wissen, können Sie dort ein neues setzen:\n\n"
      "{{link}}\n\n"
      "Falls Sie das nicht waren, brauchen Sie nichts zu tun: Ihr Konto ist "
      "unverändert, und niemand hat erfahren, dass es besteht.\n" } },
    { .language = NULL }
};

static const cxm_template_text_t  reset_texts[] = {
    { "en", {
      "A new password for {{site}}",

      "Hello {{name}},\n\n"
      "a new password was asked for your account at {{site}}. To set it, "
      "please open this link within {{minutes}} minutes. It works once:\n\n"
      "{{link}}\n\n"
      "If you did not ask for it, there is nothing to do: your password "
      "stays as it is.\n" } },
    { "de", {
      "Ein neues Passwort für {{site}}",

      "Guten Tag {{name}},\n\n"
      "für Ihr Konto bei {{site}} wurde ein neues Passwort "
      "angefordert. Um es zu setzen, öffnen Sie bitte innerhalb "
      "von {{minutes}} Minuten diesen Link. Er gilt einmal:\n\n"
      "{{link}}\n\n"
      "Falls Sie das nicht waren, brauchen Sie nichts zu tun: Ihr Passwort "
      "bleibt, wie es ist.\n" } },
    { .language = NULL }
};

static const cxm_template_text_t  password_changed_texts[] = {
    { "en", {
      "Your password for {{site}} was changed",

      "Hello {{name}},\n\n"
      "the password of your account at {{site}} was changed, and all "
      "other devices were signed out.\n\n"
      "When: {{at}}\n"
      "Device: {{device}}\n"
      "Place: {{place}}\n\n"
      "If it was not you, please set a new password at once:\n\n"
      "{{link}}\n" } },
    { "de", {
      "Ihr Passwort für {{site}} wurde geändert",

      "Guten Tag {{name}},\n\n"
      "das Passwort Ihres Kontos bei {{site}} wurde geändert, alle "
      "anderen Geräte wurden abgemeldet.\n\n"
      "Wann: {{at}}\n"
      "Gerät: {{device}}\n"
      "Ort: {{place}}\n\n"
      "Falls Sie das nicht waren, setzen Sie bitte sofort ein neues "
      "Passwort:\n\n"
      "{{link}}\n" } },
    { .language = NULL }
};

static const cxm_template_text_t  signin_texts[] = {
    { "en", {
      "New sign-in to your account at {{site}}",

      "Hello {{name}},\n\n"
      "somebody has signed in to your account at {{site}} from a place or "
      "with a device that is new to us.\n\n"
      "When: {{at}}\n"
      "Device: {{device}}\n"
      "Place: {{place}}\n\n"
      "If it was you, there is nothing to do. If not, please change your "
      "password at once and end the sessions that you do not know:\n\n"
      "{{link}}\n" } },
    { "de", {
      "Neue Anmeldung an Ihrem Konto bei {{site}}",

      "Guten Tag {{name}},\n\n"
      "an Ihrem Konto bei {{site}} hat sich jemand von einem Ort oder mit "
      "einem Gerät angemeldet, das wir noch nicht kennen.\n\n"
      "Wann: {{at}}\n"
      "Gerät: {{device}}\n"
      "Ort: {{place}}\n\n"
      "Falls Sie das waren, brauchen Sie nichts zu tun. Falls nicht, "
      "ändern Sie bitte sofort Ihr Passwort und beenden Sie die "
      "Sitzungen, die Sie nicht kennen:\n\n"
      "{{link}}\n" } },
    { .language = NULL }
};

static const cxm_template_text_t  factor_on_texts[] = {
    { "en", {
      "Second factor for {{site}} turned on",

      "Hello {{name}},\n\n"
      "from now on a code of an app is asked for when you sign in to your "
      "account at {{site}}, and all other devices were signed out.\n\n"
      "When: {{at}}\n"
      "Device: {{device}}\n"
      "Place: {{place}}\n\n"
      "If it was not you, please set a new password at once:\n\n"
      "{{link}}\n" } },
    { "de", {
      "Zweiter Faktor für {{site}} eingeschaltet",

      "Guten Tag {{name}},\n\n"
      "ab jetzt wird bei der Anmeldung an Ihrem Konto bei {{site}} auch der "
      "Code einer App verlangt, alle anderen Geräte wurden abgemeldet.\n\n"
      "Wann: {{at}}\n"
      "Gerät: {{device}}\n"
      "Ort: {{place}}\n\n"
      "Falls Sie das nicht waren, setzen Sie bitte sofort ein neues "
      "Passwort:\n\n"
      "{{link}}\n" } },
    { .language = NULL }
};

static const cxm_template_text_t  factor_off_texts[] = {
    { "en", {
      "Second factor for {{site}} turned off",

      "Hello {{name}},\n\n"
      "your account at {{site}} needs no code of an app any more: the "
      "password alone opens it.\n\n"
      "When: {{at}}\n"
      "Device: {{device}}\n"
      "Place: {{place}}\n\n"
      "If it was not you, please set a new password at once:\n\n"
      "{{link}}\n" } },
    { "de", {
      "Zweiter Faktor für {{site}} ausgeschaltet",

      "Guten Tag {{name}},\n\n"
      "Ihr Konto bei {{site}} braucht keinen Code einer App mehr: Das "
      "Passwort allein öffnet es.\n\n"
      "Wann: {{at}}\n"
      "Gerät: {{device}}\n"
      "Ort: {{place}}\n\n"
      "Falls Sie das nicht waren, setzen Sie bitte sofort ein neues "
      "Passwort:\n\n"
      "{{link}}\n" } },
    { .language = NULL }
};

static const cxm_template_text_t  recovery_used_texts[] = {
    { "en", {
      "A recovery code for {{site}} was used",

      "Hello {{name}},\n\n"
      "somebody has signed in to your account at {{site}} with one of its "
      "recovery codes. It works no more.\n\n"
      "When: {{at}}\n"
      "Device: {{device}}\n"
      "Place: {{place}}\n\n"
      "If it was not you, please set a new password at once:\n\n"
      "{{link}}\n" } },
    { "de", {
      "Ein Wiederherstellungscode für {{site}} wurde benutzt",

      "Guten Tag {{name}},\n\n"
      "an Ihrem Konto bei {{site}} hat sich jemand mit einem "
      "Wiederherstellungscode angemeldet. Er gilt nun nicht mehr.\n\n"
      "Wann: {{at}}\n"
      "Gerät: {{device}}\n"
      "Ort: {{place}}\n\n"
      "Falls Sie das nicht waren, setzen Sie bitte sofort ein neues "
      "Passwort:\n\n"
      "{{link}}\n" } },
    { .language = NULL }
};

static const cxm_template_text_t  recovery_new_texts[] = {
    { "en", {
      "New recovery codes for {{site}}",

      "Hello {{name}},\n\n"
      "your account at {{site}} has new recovery codes. Older ones work no "
      "more.\n\n"
      "When: {{at}}\n"
      "Device: {{device}}\n"
      "Place: {{place}}\n\n"
      "If it was not you, please set a new password at once:\n\n"
      "{{link}}\n" } },
    { "de", {
      "Neue Wiederherstellungscodes für {{site}}",

      "Guten Tag {{name}},\n\n"
      "Ihr Konto bei {{site}} hat neue Wiederherstellungscodes. Ältere "
      "gelten nicht mehr.\n\n"
      "Wann: {{at}}\n"
      "Gerät: {{device}}\n"
      "Ort: {{place}}\n\n"
      "Falls Sie das nicht waren, setzen Sie bitte sofort ein neues "
      "Passwort:\n\n"
      "{{link}}\n" } },
    { .language = NULL }
};

static const cxm_template_text_t  email_change_texts[] = {
    { "en", {
      "Please confirm your new address for {{site}}",

      "Hello,\n\n"
      "this address is to become that of an account at {{site}}. It will "
      "be once you open this link, within {{hours}} hours:\n\n"
      "{{link}}\n\n"
      "If you do not know of this, there is nothing to do: nothing will "
      "change without this step.\n" } },
    { "de", {
      "Bitte bestätigen Sie Ihre neue Adresse für {{site}}",

      "Guten Tag,\n\n"
      "diese Adresse soll die eines Kontos bei {{site}} werden. Das wird "
      "sie, sobald Sie innerhalb von {{hours}} Stunden diesen Link "
      "öffnen:\n\n"
      "{{link}}\n\n"
      "Falls Sie davon nichts wissen, brauchen Sie nichts zu tun: Ohne "
      "diesen Schritt ändert sich nichts.\n" } },
    { .language = NULL }
};

static const cxm_template_text_t  email_changed_old_texts[] = {
    { "en", {
      "The address of your account at {{site}} was changed",

      "Hello {{name}},\n\n"
      "your account at {{site}} has another e-mail address since {{at}}. "
      "This is the last message to the old one.\n\n"
      "If it was not you, open this link within {{hours}} hours: it gives "
      "you the account back, with a new password of yours.\n\n"
      "{{link}}\n" } },
    { "de", {
      "Die Adresse Ihres Kontos bei {{site}} wurde geändert",

      "Guten Tag {{name}},\n\n"
      "Ihr Konto bei {{site}} hat seit {{at}} eine andere E-Mail-Adresse. "
      "Dies ist die letzte Nachricht an die alte.\n\n"
      "Falls Sie das nicht waren, öffnen Sie innerhalb von {{hours}} "
      "Stunden diesen Link: Damit bekommen Sie das Konto mit einem neuen "
      "Passwort zurück.\n\n"
      "{{link}}\n" } },
    { .language = NULL }
};

static const cxm_template_text_t  account_closed_texts[] = {
    { "en", {
      "Your account at {{site}} is closed",

      "Hello {{name}},\n\n"
      "your account at {{site}} was closed at {{at}}, and all devices were "
      "signed out. You will get no further messages about it.\n\n"
      "If it was not you, please tell us at once:\n\n"
      "{{link}}\n" } },
    { "de", {
      "Ihr Konto bei {{site}} ist geschlossen",

      "Guten Tag {{name}},\n\n"
      "Ihr Konto bei {{site}} wurde am {{at}} geschlossen, alle "
      "Geräte wurden abgemeldet. Sie erhalten dazu keine weiteren "
      "Nachrichten.\n\n"
      "Falls Sie das nicht waren, melden Sie sich bitte sofort bei "
      "uns:\n\n"
      "{{link}}\n" } },
    { .language = NULL }
};


/* --- templates ---------------------------------------------------------- */

const cxm_template_t  cxm_templates[] = {
    { "verify", "to who registers: the address is to be confirmed",
      BIT(LINK), BIT(LINK), verify_texts },
    { "taken", "to who registers again: there is an account",
      BIT(LINK), 0, taken_texts },
    { "reset", "to who has forgotten the password",
      BIT(NAME) | BIT(LINK), BIT(LINK), reset_texts },
    { "password-changed", "the password is another one",
      BIT(NAME) | BIT(LINK) | BIT(AT) | BIT(DEVICE) | BIT(PLACE), 0,
      password_changed_texts },
    { "signin-new-place", "somebody signed in from a new place",
      BIT(NAME) | BIT(LINK) | BIT(AT) | BIT(DEVICE) | BIT(PLACE), 0,
      signin_texts },
    { "second-factor-on", "a second factor is asked for from now on",
      BIT(NAME) | BIT(LINK) | BIT(AT) | BIT(DEVICE) | BIT(PLACE), 0,
      factor_on_texts },
    { "second-factor-off", "no second factor is asked for any more",
      BIT(NAME) | BIT(LINK) | BIT(AT) | BIT(DEVICE) | BIT(PLACE), 0,
      factor_off_texts },
    { "recovery-code-used", "somebody signed in with a recovery code",
      BIT(NAME) | BIT(LINK) | BIT(AT) | BIT(DEVICE) | BIT(PLACE), 0,
      recovery_used_texts },
    { "recovery-codes-new", "there are other recovery codes",
      BIT(NAME) | BIT(LINK) | BIT(AT) | BIT(DEVICE) | BIT(PLACE), 0,
      recovery_new_texts },
    { "email-change", "to the new address, which is to be confirmed",
      BIT(LINK), BIT(LINK), email_change_texts },
    { "email-changed-old", "to the old address: there is a new one",
      BIT(NAME) | BIT(LINK) | BIT(AT), BIT(LINK), email_changed_old_texts },
    { "account-closed", "the account is closed",
      BIT(NAME) | BIT(LINK) | BIT(AT), 0, account_closed_texts },
    { NULL, NULL, 0, 0, NULL }
};


const cxm_template_t *
cxm_template_find(cxm_str_t slug)
{
    const cxm_template_t  *template;

    for (template = cxm_templates; template->slug != NULL; template++) {
        if (cxm_str_eqz(slug, template->slug)) {
            return template;
        }
    }

    return NULL;
}
