/*
 * What pages say besides a survey's own texts, and how they look.
 */

#include "cxm_language.h"
#include "cxm_page_text.h"


static const cxm_page_language_t  languages[CXM_PAGE_LANGUAGES] = {
    { { 2, "en" }, {
        [CXM_SAY_REQUIRED] = "(required)",
        [CXM_SAY_SUBMIT] = "Send",
        [CXM_SAY_NEXT] = "Next",
        [CXM_SAY_BACK] = "Back",
        [CXM_SAY_LANGUAGE] = "Language",
        [CXM_SAY_ERROR_PREFIX] = "Error: ",
        [CXM_SAY_SUMMARY] = "There is a problem",
        [CXM_SAY_NEEDED] = "Please answer this question.",
        [CXM_SAY_RANGE] = "Please choose one of the values offered.",
        [CXM_SAY_NUMBER] = "Please enter a whole number in this range.",
        [CXM_SAY_LONG] = "This is too long.",
        [CXM_SAY_CHECK] = "Please check this entry.",
        [CXM_SAY_CHANGED] = "This survey has changed in the meantime. Please "
                            "look through your answers and send them again.",
        [CXM_SAY_MULTI] = "Choose all that apply.",
        [CXM_SAY_NAME] = "Name",
        [CXM_SAY_EMAIL] = "E-mail",
        [CXM_SAY_PHONE] = "Phone",
        [CXM_SAY_NPS_LOW] = "Not at all likely",
        [CXM_SAY_NPS_HIGH] = "Extremely likely",
        [CXM_SAY_CSAT_LOW] = "Very dissatisfied",
        [CXM_SAY_CSAT_HIGH] = "Very satisfied",
        [CXM_SAY_CES_LOW] = "Strongly disagree",
        [CXM_SAY_CES_HIGH] = "Strongly agree",
        [CXM_SAY_THANKS_TITLE] = "Thank you",
        [CXM_SAY_THANKS] = "Your answers have been recorded.",
        [CXM_SAY_PAUSED_TITLE] = "Not open at the moment",
        [CXM_SAY_PAUSED] = "This survey takes no answers at the moment.",
        [CXM_SAY_CLOSED_TITLE] = "This survey is closed",
        [CXM_SAY_CLOSED] = "It takes no more answers. Thank you for coming.",
        [CXM_SAY_MISSING_TITLE] = "Page not found",
        [CXM_SAY_MISSING] = "There is no survey at this address.",
        [CXM_SAY_TAKEN_TITLE] = "Already sent",
        [CXM_SAY_TAKEN] = "This form was sent before with other answers. "
                          "The first ones count.",
        [CXM_SAY_OVER_TITLE] = "This took too long",
        [CXM_SAY_OVER] = "What you had answered by then has been recorded.",
        [CXM_SAY_EXPIRED_TITLE] = "This link has expired",
        [CXM_SAY_EXPIRED] = "It takes no more answers. Thank you for coming.",
        [CXM_SAY_WRONG_TITLE] = "That did not work",
        [CXM_SAY_WRONG] = "Please go back and try again in a moment."
    } },
    { { 2, "de" }, {
        [CXM_SAY_REQUIRED] = "(Pflichtfrage)",
        [CXM_SAY_SUBMIT] = "Absenden",
        [CXM_SAY_NEXT] = "Weiter",
        [CXM_SAY_BACK] = "Zurück",
        [CXM_SAY_LANGUAGE] = "Sprache",
        [CXM_SAY_ERROR_PREFIX] = "Fehler: ",
        [CXM_SAY_SUMMARY] = "Bitte prüfen Sie Ihre Angaben",
        [CXM_SAY_NEEDED] = "Bitte beantworten Sie diese Frage.",
        [CXM_SAY_RANGE] = "Bitte wählen Sie einen der angebotenen Werte.",
        [CXM_SAY_NUMBER] = "Bitte geben Sie eine ganze Zahl aus diesem "
                           "Bereich ein.",
        [CXM_SAY_LONG] = "Das ist zu lang.",
        [CXM_SAY_CHECK] = "Bitte prüfen Sie diese Angabe.",
        [CXM_SAY_CHANGED] = "Diese Umfrage wurde inzwischen geändert. Bitte "
                            "sehen Sie Ihre Antworten durch und senden Sie "
                            "sie noch einmal ab.",
        [CXM_SAY_MULTI] = "Mehrere Antworten sind möglich.",
        [CXM_SAY_NAME] = "Name",
        [CXM_SAY_EMAIL] = "E-Mail",
        [CXM_SAY_PHONE] = "Telefon",
        [CXM_SAY_NPS_LOW] = "Äußerst unwahrscheinlich",
        [CXM_SAY_NPS_HIGH] = "Äußerst wahrscheinlich",
        [CXM_SAY_CSAT_LOW] = "Sehr unzufrieden",
        [CXM_SAY_CSAT_HIGH] = "Sehr zufrieden",
        [CXM_SAY_CES_LOW] = "Stimme gar nicht zu",
        [CXM_SAY_CES_HIGH] = "Stimme voll zu",
        [CXM_SAY_THANKS_TITLE] = "Vielen Dank",
        [CXM_SAY_THANKS] = "Ihre Antworten sind gespeichert.",
        [CXM_SAY_PAUSED_TITLE] = "Zurzeit nicht geöffnet",
        [CXM_SAY_PAUSED] = "Diese Umfrage nimmt zurzeit keine Antworten an.",
        [CXM_SAY_CLOSED_TITLE] = "Diese Umfrage ist beendet",
        [CXM_SAY_CLOSED] = "Sie nimmt keine Antworten mehr an. Vielen Dank "
                           "für Ihren Besuch.",
        [CXM_SAY_MISSING_TITLE] = "Seite nicht gefunden",
        [CXM_SAY_MISSING] = "Unter dieser Adresse gibt es keine Umfrage.",
        [CXM_SAY_TAKEN_TITLE] = "Schon abgesendet",
        [CXM_SAY_TAKEN] = "Dieses Formular wurde schon mit anderen Antworten "
                          "abgesendet. Es zählen die ersten.",
        [CXM_SAY_OVER_TITLE] = "Die Zeit ist abgelaufen",
        [CXM_SAY_OVER] = "Was Sie bis dahin geantwortet haben, ist "
                         "gespeichert.",
        [CXM_SAY_EXPIRED_TITLE] = "Dieser Link ist abgelaufen",
        [CXM_SAY_EXPIRED] = "Er nimmt keine Antworten mehr an. Vielen Dank "
                            "für Ihren Besuch.",
        [CXM_SAY_WRONG_TITLE] = "Das hat nicht geklappt",
        [CXM_SAY_WRONG] = "Bitte gehen Sie zurück und versuchen Sie es "
                          "gleich noch einmal."
    } },
    { { 2, "fr" }, {
        [CXM_SAY_REQUIRED] = "(obligatoire)",
        [CXM_SAY_SUBMIT] = "Envoyer",
        [CXM_SAY_NEXT] = "Suivant",
        [CXM_SAY_BACK] = "Précédent",
        [CXM_SAY_LANGUAGE] = "Langue",
        [CXM_SAY_ERROR_PREFIX] = "Erreur : ",
        [CXM_SAY_SUMMARY] = "Veuillez vérifier vos réponses",
        [CXM_SAY_NEEDED] = "Veuillez répondre à cette question.",
        [CXM_SAY_RANGE] = "Veuillez choisir l’une des valeurs proposées.",
        [CXM_SAY_NUMBER] = "Veuillez saisir un nombre entier compris dans "
                           "cet intervalle.",
        [CXM_SAY_LONG] = "Ce texte est trop long.",
        [CXM_SAY_CHECK] = "Veuillez vérifier cette réponse.",
        [CXM_SAY_CHANGED] = "Ce questionnaire a été modifié entre-temps. "
                            "Veuillez relire vos réponses et les envoyer à "
                            "nouveau.",
        [CXM_SAY_MULTI] = "Plusieurs réponses sont possibles.",
        [CXM_SAY_NAME] = "Nom",
        [CXM_SAY_EMAIL] = "E-mail",
        [CXM_SAY_PHONE] = "Téléphone",
        [CXM_SAY_NPS_LOW] = "Pas du tout probable",
        [CXM_SAY_NPS_HIGH] = "Très probable",
        [CXM_SAY_CSAT_LOW] = "Très insatisfait",
        [CXM_SAY_CSAT_HIGH] = "Très satisfait",
        [CXM_SAY_CES_LOW] = "Pas du tout d’accord",
        [CXM_SAY_CES_HIGH] = "Tout à fait d’accord",
        [CXM_SAY_THANKS_TITLE] = "Merci",
        [CXM_SAY_THANKS] = "Vos réponses ont été enregistrées.",
        [CXM_SAY_PAUSED_TITLE] = "Fermé pour le moment",
        [CXM_SAY_PAUSED] = "Ce questionnaire n’accepte pas de réponses pour "
                           "le moment.",
        [CXM_SAY_CLOSED_TITLE] = "Ce questionnaire est clos",
        [CXM_SAY_CLOSED] = "Il n’accepte plus de réponses. Merci de votre "
                           "visite.",
        [CXM_SAY_MISSING_TITLE] = "Page introuvable",
        [CXM_SAY_MISSING] = "Il n’y a pas de questionnaire à cette adresse.",
        [CXM_SAY_TAKEN_TITLE] = "Déjà envoyé",
        [CXM_SAY_TAKEN] = "Ce formulaire a déjà été envoyé avec d’autres "
                          "réponses. Ce sont les premières qui comptent.",
        [CXM_SAY_OVER_TITLE] = "Le délai est écoulé",
        [CXM_SAY_OVER] = "Les réponses données jusque-là ont été "
                         "enregistrées.",
        [CXM_SAY_EXPIRED_TITLE] = "Ce lien a expiré",
        [CXM_SAY_EXPIRED] = "Il n’accepte plus de réponses. Merci de votre "
                            "visite.",
        [CXM_SAY_WRONG_TITLE] = "Cela n’a pas fonctionné",
        [CXM_SAY_WRONG] = "Veuillez revenir en arrière et réessayer dans un "
                          "instant."
    } },
    { { 2, "es" }, {
        [CXM_SAY_REQUIRED] = "(obligatoria)",
        [CXM_SAY_SUBMIT] = "Enviar",
        [CXM_SAY_NEXT] = "Siguiente",
        [CXM_SAY_BACK] = "Atrás",
        [CXM_SAY_LANGUAGE] = "Idioma",
        [CXM_SAY_ERROR_PREFIX] = "Error: ",
        [CXM_SAY_SUMMARY] = "Revise sus respuestas",
        [CXM_SAY_NEEDED] = "Responda a esta pregunta.",
        [CXM_SAY_RANGE] = "Elija uno de los valores ofrecidos.",
        [CXM_SAY_NUMBER] = "Escriba un número entero de este intervalo.",
        [CXM_SAY_LONG] = "Este texto es demasiado largo.",
        [CXM_SAY_CHECK] = "Revise este dato.",
        [CXM_SAY_CHANGED] = "Esta encuesta ha cambiado entretanto. Revise "
                            "sus respuestas y envíelas de nuevo.",
        [CXM_SAY_MULTI] = "Puede elegir varias respuestas.",
        [CXM_SAY_NAME] = "Nombre",
        [CXM_SAY_EMAIL] = "Correo electrónico",
        [CXM_SAY_PHONE] = "Teléfono",
        [CXM_SAY_NPS_LOW] = "Nada probable",
        [CXM_SAY_NPS_HIGH] = "Muy probable",
        [CXM_SAY_CSAT_LOW] = "Muy insatisfecho",
        [CXM_SAY_CSAT_HIGH] = "Muy satisfecho",
        [CXM_SAY_CES_LOW] = "Totalmente en desacuerdo",
        [CXM_SAY_CES_HIGH] = "Totalmente de acuerdo",
        [CXM_SAY_THANKS_TITLE] = "Gracias",
        [CXM_SAY_THANKS] = "Sus respuestas se han guardado.",
        [CXM_SAY_PAUSED_TITLE] = "No disponible por el momento",
        [CXM_SAY_PAUSED] = "Esta encuesta no admite respuestas por el "
                           "momento.",
        [CXM_SAY_CLOSED_TITLE] = "Esta encuesta está cerrada",
        [CXM_SAY_CLOSED] = "Ya no admite respuestas. Gracias por su visita.",
        [CXM_SAY_MISSING_TITLE] = "Página no encontrada",
        [CXM_SAY_MISSING] = "No hay ninguna encuesta en esta dirección.",
        [CXM_SAY_TAKEN_TITLE] = "Ya enviado",
        [CXM_SAY_TAKEN] = "Este formulario ya se envió con otras respuestas. "
                          "Cuentan las primeras.",
        [CXM_SAY_OVER_TITLE] = "El plazo ha terminado",
        [CXM_SAY_OVER] = "Lo que había respondido hasta entonces se ha "
                         "guardado.",
        [CXM_SAY_EXPIRED_TITLE] = "Este enlace ha caducado",
        [CXM_SAY_EXPIRED] = "Ya no admite respuestas. Gracias por su visita.",
        [CXM_SAY_WRONG_TITLE] = "No ha funcionado",
        [CXM_SAY_WRONG] = "Vuelva atrás e inténtelo de nuevo dentro de un "
                          "momento."
    } }
};


/*
 * Text has at least 4.5 : 1, controls and focus at least 3 : 1, light and
 * dark.  Radio buttons keep their size and place behind the number, so they
 * work with keyboard and screen reader as they are.
 */
const char  cxm_page_style[] =
    ":root{color-scheme:light dark;--fg:#1b1f24;--bg:#fff;--page:#eef1f5;"
    "--edge:#dbe0e7;--line:#737b86;--accent:#0b57d0;--on:#fff;--err:#b3261e;"
    "--soft:#545b66}"
    "@media(prefers-color-scheme:dark){:root{--fg:#eceef1;--bg:#1c1f25;"
    "--page:#121418;--edge:#31363f;--line:#8c939e;--accent:#8ab4f8;"
    "--on:#121418;--err:#ffb4ab;--soft:#b4bac4}}"
    "*{box-sizing:border-box}"
    "body{margin:0;font:1rem/1.5 system-ui,sans-serif;color:var(--fg);"
    "background:var(--page);overflow-wrap:anywhere}"
    "main{max-width:44rem;min-height:100vh;margin:0 auto;"
    "padding:1.5rem 1rem 2rem;background:var(--bg)}"
    "@media(min-width:48rem){main{min-height:0;margin:3rem auto;"
    "padding:2.5rem 3rem 3rem;border:1px solid var(--edge);"
    "border-radius:1rem}}"
    "h1{font-size:1.75rem;line-height:1.25;margin:0 0 1.5rem}"
    "h2{font-size:1.125rem;margin:0 0 .5rem}"
    "main>p{margin:0;color:var(--soft)}main>p+p{margin-top:.75rem}"
    "nav{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;"
    "margin:-.75rem 0 1.5rem}"
    "nav a{color:var(--accent);line-height:1.75rem}"
    "fieldset,.q{border:0;margin:0 0 2.25rem;padding:0;min-width:0}"
    "legend,.q>label{display:block;width:100%;font-weight:600;padding:0;"
    "margin-bottom:.625rem}"
    ".mark,.hint,.ends{color:var(--soft);font-weight:400}"
    ".hint,.ends,.err{margin:.25rem 0 .5rem}"
    ".ends{display:flex;justify-content:space-between;gap:1rem;"
    "font-size:.875rem}"
    ".ends span:last-child{text-align:end}"
    ".err{color:var(--err);font-weight:600}"
    ".scale{display:grid;gap:.375rem;"
    "grid-template-columns:repeat(auto-fit,minmax(2.25rem,1fr))}"
    ".scale label{position:relative}"
    ".scale input{position:absolute;inset:0;width:100%;height:100%;margin:0;"
    "opacity:0;cursor:pointer}"
    ".scale span{display:block;line-height:2.75rem;text-align:center;"
    "border:1px solid var(--line);border-radius:.5rem;"
    "font-variant-numeric:tabular-nums}"
    ".scale input:hover+span{border-color:var(--accent);"
    "box-shadow:inset 0 0 0 1px var(--accent)}"
    ".scale input:checked+span{background:var(--accent);color:var(--on);"
    "border-color:var(--accent);font-weight:600}"
    ".option{display:flex;gap:.75rem;align-items:center;padding:.5rem 0;"
    "cursor:pointer}"
    ".option span{min-width:0}"
    ".option input{width:1.25rem;height:1.25rem;flex:none;margin:0;"
    "accent-color:var(--accent)}"
    ".field{display:block;margin:0 0 1rem}"
    ".field input,.q>input,textarea{display:block;width:100%;font:inherit;"
    "color:inherit;background:var(--bg);border:1px solid var(--line);"
    "border-radius:.5rem;padding:.625rem .75rem}"
    ".field input{max-width:28rem;margin-top:.25rem}"
    ".q>input{max-width:8rem}"
    "textarea{resize:vertical}"
    "[aria-invalid=true]:not(fieldset){border-color:var(--err);"
    "box-shadow:inset 0 0 0 1px var(--err)}"
    "button{font:inherit;font-weight:600;color:var(--on);"
    "background:var(--accent);border:0;border-radius:.5rem;"
    "padding:.75rem 2rem;min-height:3rem;cursor:pointer}"
    "button:hover{filter:brightness(.92)}"
    ".go{display:flex;flex-wrap:wrap;gap:1rem}"
    ".back{color:var(--accent);background:none;"
    "box-shadow:inset 0 0 0 1px var(--accent)}"
    ":focus-visible,.scale input:focus-visible+span{"
    "outline:3px solid var(--accent);outline-offset:2px}"
    ".summary{border:2px solid var(--err);border-radius:.5rem;"
    "padding:1rem 1.25rem;margin:0 0 2rem}"
    ".summary a{color:var(--err)}"
    ".summary ul{margin:0;padding-inline-start:1.25rem}"
    "@media(max-width:47.99rem){button{width:100%}.field input{max-width:none}"
    ".ten{grid-template-columns:repeat(5,1fr)}"
    ".more{grid-template-columns:repeat(6,1fr)}}"
    "@media(forced-colors:active){.scale input:checked+span{"
    "forced-color-adjust:none;background:Highlight;color:HighlightText}}";


const cxm_page_language_t *
cxm_page_languages(unsigned *n)
{
    *n = CXM_PAGE_LANGUAGES;

    return languages;
}


const cxm_page_language_t *
cxm_page_language(cxm_str_t tag)
{
    unsigned  i, n;

    (void) cxm_page_languages(&n);

    for (i = 0; i < n; i++) {
        if (cxm_language_match(languages[i].language, tag)) {
            return &languages[i];
        }
    }

    return &languages[0];
}


cxm_str_t
cxm_page_language_name(cxm_str_t tag)
{
    size_t  i;

    static const struct { const char *tag, *name; }  names[] = {
        { "ar", "العربية" }, { "bg", "Български" }, { "ca", "Català" },
        { "cs", "Čeština" }, { "da", "Dansk" }, { "de", "Deutsch" },
        { "el", "Ελληνικά" }, { "en", "English" }, { "es", "Español" },
        { "et", "Eesti" }, { "fa", "فارسی" }, { "fi", "Suomi" },
        { "fr", "Français" }, { "he", "עברית" }, { "hi", "हिन्दी" },
        { "hr", "Hrvatski" }, { "hu", "Magyar" }, { "it", "Italiano" },
        { "ja", "日本語" }, { "ko", "한국어" }, { "lt", "Lietuvių" },
        { "lv", "Latviešu" }, { "nl", "Nederlands" }, { "no", "Norsk" },
        { "pl", "Polski" }, { "pt", "Português" }, { "ro", "Română" },
        { "ru", "Русский" }, { "sk", "Slovenčina" }, { "sl", "Slovenščina" },
        { "sv", "Svenska" }, { "tr", "Türkçe" }, { "uk", "Українська" },
        { "vi", "Tiếng Việt" }
    };

    /* a tag with a region may stand beside the one without */

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (cxm_str_eqz(tag, names[i].tag)) {
            return cxm_strz(names[i].name);
        }
    }

    return tag;
}
