/** DHCP option codes, named as in the IANA registry; the RFC that defines each group is beside it. */
export const OptionCode = {
  // RFC 2132 sections 3 to 9
  Pad: 0,
  SubnetMask: 1,
  TimeOffset: 2,
  Router: 3,
  DomainNameServer: 6,
  LogServer: 7,
  HostName: 12,
  BootFileSize: 13,
  DomainName: 15,
  RootPath: 17,
  InterfaceMtu: 26,
  BroadcastAddress: 28,
  StaticRoute: 33,
  NtpServers: 42,
  VendorSpecificInformation: 43,
  RequestedIpAddress: 50,
  IpAddressLeaseTime: 51,
  OptionOverload: 52,
  DhcpMessageType: 53,
  ServerIdentifier: 54,
  ParameterRequestList: 55,
  Message: 56,
  MaximumDhcpMessageSize: 57,
  RenewalTime: 58,
  RebindingTime: 59,
  VendorClassIdentifier: 60,
  ClientIdentifier: 61,
  TftpServerName: 66,
  BootfileName: 67,
  // RFC 3004
  UserClass: 77,
  // RFC 4039
  RapidCommit: 80,
  // RFC 4702
  ClientFqdn: 81,
  // RFC 3046
  RelayAgentInformation: 82,
  // RFC 4578 section 2
  ClientSystemArchitecture: 93,
  ClientNetworkInterface: 94,
  ClientMachineIdentifier: 97,
  // RFC 8910
  CaptivePortal: 114,
  // RFC 3011
  SubnetSelection: 118,
  // RFC 3397
  DomainSearch: 119,
  // RFC 3442
  ClasslessStaticRoute: 121,
  // RFC 3925
  VendorIdentifyingVendorInformation: 125,
  // RFC 5859
  TftpServerAddress: 150,
  // Etherboot encapsulated options, as sent by iPXE
  EtherbootOptions: 175,
  End: 255,
} as const;

/** DHCP message types: RFC 2132 section 9.6, RFC 3203 section 4. */
export const MessageType = {
  DHCPDISCOVER: 1,
  DHCPOFFER: 2,
  DHCPREQUEST: 3,
  DHCPDECLINE: 4,
  DHCPACK: 5,
  DHCPNAK: 6,
  DHCPRELEASE: 7,
  DHCPINFORM: 8,
  DHCPFORCERENEW: 9,
} as const;
export type MessageType = (typeof MessageType)[keyof typeof MessageType];

/** The `op` field: RFC 2131 section 2. */
export const BootpOp = { BOOTREQUEST: 1, BOOTREPLY: 2 } as const;

/** UDP ports: RFC 2131 section 4.1; PXE 2.1 section 2.2.1 for the boot server. */
export const DhcpPort = { server: 67, client: 68, pxeBootServer: 4011 } as const;

/** The `htype` of Ethernet: RFC 1700. */
export const HTYPE_ETHERNET = 1;
