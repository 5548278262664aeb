// Tickets, organizations and users: their fields as recorded, which of them a client may write, and the custom fields.

export const kinds = {
  tickets: {
    one: "ticket", many: "tickets",
    blank: { external_id: null, type: null, subject: null, raw_subject: null, description: null, priority: null, status: "new", recipient: null,
      requester_id: null, submitter_id: null, assignee_id: null, organization_id: null, group_id: null, collaborator_ids: [], follower_ids: [],
      email_cc_ids: [], forum_topic_id: null, problem_id: null, has_incidents: false, is_public: true, due_at: null, tags: [], custom_fields: [],
      satisfaction_rating: null, sharing_agreement_ids: [], custom_status_id: null, followup_ids: [], ticket_form_id: null, brand_id: null,
      allow_channelback: false, allow_attachments: true, from_messaging_channel: false },
    writable: ["external_id", "type", "subject", "description", "comment", "priority", "status", "recipient", "requester_id", "requester", "submitter_id",
      "assignee_id", "organization_id", "group_id", "collaborator_ids", "follower_ids", "email_ccs", "problem_id", "due_at", "tags", "custom_fields",
      "custom_status_id", "ticket_form_id", "brand_id", "safe_update", "updated_stamp", "metadata", "additional_tags", "remove_tags"],
    watched: { status: "status_changed", priority: "priority_changed", subject: "subject_changed", external_id: "external_id_changed", tags: "tags_changed",
      assignee_id: "agent_assignment_changed", organization_id: "organization_changed", requester_id: "requester_changed", type: "type_changed",
      custom_fields: "custom_field_changed" },
  },
  organizations: {
    one: "organization", many: "organizations",
    blank: { name: null, shared_tickets: false, shared_comments: false, external_id: null, domain_names: [], details: null, notes: null, group_id: null,
      tags: [], organization_fields: {} },
    writable: ["name", "shared_tickets", "shared_comments", "external_id", "domain_names", "details", "notes", "group_id", "tags", "organization_fields"],
    watched: { name: "name_changed", external_id: "external_id_changed", tags: "tags_changed", organization_fields: "custom_field_changed" },
  },
  users: {
    one: "user", many: "users",
    blank: { name: null, email: null, time_zone: "America/New_York", iana_time_zone: "America/New_York", phone: null, shared_phone_number: null, photo: null,
      locale_id: 1, locale: "en-US", organization_id: null, role: "end-user", verified: false, external_id: null, tags: [], alias: null, active: true,
      shared: false, shared_agent: false, last_login_at: null, two_factor_auth_enabled: false, signature: null, details: null, notes: null,
      role_type: null, custom_role_id: null, moderator: false, ticket_restriction: "requested", only_private_comments: false, restricted_agent: true,
      suspended: false, default_group_id: null, report_csv: false, user_fields: {} },
    writable: ["name", "email", "time_zone", "phone", "locale_id", "locale", "organization_id", "role", "verified", "external_id", "tags", "alias",
      "signature", "details", "notes", "custom_role_id", "moderator", "ticket_restriction", "only_private_comments", "suspended", "default_group_id",
      "user_fields", "skip_verify_email", "identities"],
    watched: { name: "name_changed", external_id: "external_id_changed", tags: "tags_changed", role: "role_changed", user_fields: "custom_field_changed",
      organization_id: "organization_membership_changed", details: "details_changed", notes: "notes_changed" },
  },
};

/** Fields that every write moves. */
export const stamps = ["updated_at"];

const org = (id, key, type, title) => ({ id, key, type, title, active: true });

/** Custom fields of the account; the admin setting `fields` replaces these lists. */
export const customFields = {
  organization_fields: [org(360001, "account_no", "text", "Account number"), org(360002, "support_tier", "dropdown", "Support tier"),
    org(360003, "credit_limit", "decimal", "Credit limit"), org(360004, "open_orders", "integer", "Open orders"), org(360005, "on_hold", "checkbox", "On hold")],
  user_fields: [org(370001, "contact_no", "text", "Contact number")],
  ticket_fields: [org(380001, "order_no", "text", "Order number"), org(380002, "shipment_no", "text", "Shipment number"),
    org(380003, "salesforce_case", "text", "Case"), org(380004, "order_status", "text", "Order status"), org(380005, "amount", "decimal", "Amount"),
    org(380006, "shipped", "checkbox", "Shipped")],
};

export const statuses = ["new", "open", "pending", "hold", "solved", "closed"];
export const priorities = ["urgent", "high", "normal", "low"];
export const ticketTypes = ["problem", "incident", "question", "task"];
