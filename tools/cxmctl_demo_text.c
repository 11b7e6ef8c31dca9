/*
 * The surveys of the demo, and what people say in it.
 */

#include "cxmctl_demo.h"


#define CXMCTL_DEMO_SAYINGS  8


const cxmctl_demo_definition_t
    cxmctl_demo_definitions[CXMCTL_DEMO_SURVEYS] =
{
    [CXMCTL_DEMO_RELATIONSHIP] = { "relationship",
        "{\"title\":\"Relationship (made-up answers)\",\"status\":\"live\","
        "\"questions\":[{\"id\":\"nps\",\"type\":\"nps\",\"required\":true,"
        "\"text\":{\"en\":\"How likely are you to recommend us?\","
        "\"de\":\"Würden Sie uns weiterempfehlen?\","
        "\"fr\":\"Nous recommanderiez-vous ?\"}},"
        "{\"id\":\"why\",\"type\":\"text\",\"text\":{\"en\":\"Why?\","
        "\"de\":\"Warum?\",\"fr\":\"Pourquoi ?\"}}],"
        "\"segment_by\":[\"plan\",\"region\"]}" },

    [CXMCTL_DEMO_SUPPORT] = { "support",
        "{\"title\":\"After support (made-up answers)\",\"status\":\"live\","
        "\"questions\":[{\"id\":\"csat\",\"type\":\"csat\","
        "\"required\":true,"
        "\"text\":{\"en\":\"How satisfied are you with the help you got?\"}},"
        "{\"id\":\"solved\",\"type\":\"choice\","
        "\"text\":{\"en\":\"Is it solved?\"},"
        "\"choices\":[{\"id\":\"yes\",\"text\":{\"en\":\"Yes\"}},"
        "{\"id\":\"partly\",\"text\":{\"en\":\"Partly\"}},"
        "{\"id\":\"no\",\"text\":{\"en\":\"No\"}}]},"
        "{\"id\":\"why\",\"type\":\"text\",\"text\":{\"en\":\"Why?\"}}],"
        "\"segment_by\":[\"plan\",\"region\"]}" },

    [CXMCTL_DEMO_CHECKOUT] = { "checkout",
        "{\"title\":\"Checkout (made-up answers)\",\"status\":\"live\","
        "\"questions\":[{\"id\":\"ces\",\"type\":\"ces\",\"required\":true,"
        "\"text\":{\"en\":\"It was easy to order.\"}},"
        "{\"id\":\"why\",\"type\":\"text\","
        "\"text\":{\"en\":\"What was hard?\"}}],"
        "\"segment_by\":[\"plan\",\"region\"]}" },

    [CXMCTL_DEMO_INDEX] = { "satisfaction-index",
        "{\"title\":\"Satisfaction index (made-up answers)\","
        "\"status\":\"live\",\"questions\":["
        "{\"id\":\"overall\",\"type\":\"scale\","
        "\"scale\":{\"min\":1,\"max\":10},"
        "\"text\":{\"en\":\"How satisfied are you in all?\"}},"
        "{\"id\":\"expected\",\"type\":\"scale\","
        "\"scale\":{\"min\":1,\"max\":10},"
        "\"text\":{\"en\":\"How well are your expectations met?\"}},"
        "{\"id\":\"ideal\",\"type\":\"scale\","
        "\"scale\":{\"min\":1,\"max\":10},"
        "\"text\":{\"en\":\"How close are we to the ideal?\"}}],"
        "\"csi\":{\"questions\":[\"overall\",\"expected\",\"ideal\"]},"
        "\"segment_by\":[\"plan\",\"region\"]}" }
};


/* Discontent, neither, content. */
static const char *const
    cxmctl_demo_sayings[CXMCTL_DEMO_SURVEYS][3][CXMCTL_DEMO_SAYINGS] =
{
    [CXMCTL_DEMO_RELATIONSHIP] = {
        { "The price went up and nothing got better.",
          "I waited two weeks for a delivery that was promised in two days.",
          "Invoices are wrong every other month.",
          "Nobody answers e-mail.",
          "The search never finds what I am looking for.",
          "Too many newsletters, and unsubscribing does not work.",
          "The new design hides everything I use.",
          "A refund took a month." },
        { "It works, but so do others.",
          "Good products, slow delivery.",
          "Fine so far, I have not been a customer for long.",
          "Prices are fair, the website could be quicker.",
          "Support is friendly, but slow.",
          "I would like to pay by invoice.",
          "Okay for small orders.",
          "Nothing to complain about, nothing special." },
        { "Quick delivery, every time.",
          "Friendly people who know what they sell.",
          "The best selection I know of.",
          "Returning something was no trouble at all.",
          "I have been a customer for years and never had a problem.",
          "The new checkout is so much faster.",
          "Clear prices, no surprises.",
          "They called me back within the hour." }
    },
    [CXMCTL_DEMO_SUPPORT] = {
        { "I had to explain the problem three times.",
          "Forty minutes on hold.",
          "The answer was copied from the website.",
          "It is still broken.",
          "I was passed from one person to the next.",
          "They promised to call back and did not.",
          "The chat ended by itself.",
          "Nobody could tell me where my order is." },
        { "It took a while, but it works now.",
          "Polite, but could not solve it alone.",
          "Solved on the second call.",
          "I found the answer myself in the end.",
          "Okay.",
          "The link they sent helped a little.",
          "A bit slow.",
          "Half of it is solved." },
        { "Solved in five minutes.",
          "Very patient with me, thank you.",
          "They even checked on it the next day.",
          "Knew the answer at once.",
          "Got a replacement without a question asked.",
          "Friendly and competent.",
          "The chat was quick and to the point.",
          "First time I enjoyed calling a hotline." }
    },
    [CXMCTL_DEMO_CHECKOUT] = {
        { "My card was refused three times.",
          "I had to type the address again and again.",
          "The page took forever to load.",
          "The voucher was not accepted.",
          "No guest checkout.",
          "The cart was empty when I came back.",
          "I could not choose a delivery day.",
          "Shipping costs appeared only at the end." },
        { "One page would be enough.",
          "A few fields too many.",
          "Payment was fine, the form was long.",
          "It worked the second time.",
          "I missed my usual way to pay.",
          "Average.",
          "Had to look for the voucher field.",
          "Slow today." },
        { "Two clicks and done.",
          "It remembered my address.",
          "Fast, even on the phone.",
          "Paying was really simple.",
          "Everything on one page.",
          "Clear what it costs from the start.",
          "Better than before.",
          "No account needed, great." }
    }
};

static const char *const  cxmctl_demo_app[] = {
    "The app crashes since the last update.",
    "The app logs me out every day.",
    "I cannot open my orders in the app.",
    "The app has become slow."
};


const char *
cxmctl_demo_comment(cxmctl_demo_survey_t survey, double content, int app,
    uint64_t roll)
{
    unsigned  mood;

    mood = content < 0.45 ? 0 : content < 0.7 ? 1 : 2;

    if (app && mood < 2) {
        return cxmctl_demo_app[roll % (sizeof(cxmctl_demo_app)
                                       / sizeof(cxmctl_demo_app[0]))];
    }

    return cxmctl_demo_sayings[survey][mood][roll % CXMCTL_DEMO_SAYINGS];
}
